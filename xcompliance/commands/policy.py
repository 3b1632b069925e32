"""``xcompliance policy``."""

from typing import Annotated

import typer

from xcompliance.commands.options import Prefix
from xcompliance.commands.output import print_json
from xcompliance.policy import Role


def policy(
    role: Annotated[Role, typer.Argument(help="Who is to be allowed what they do; an operator needs all three.")],
    prefix: Prefix = None,
) -> None:
    """Print the policy of IAM that those need who use the deployment, or run it."""
    from xcompliance import target
    from xcompliance.policy import policy

    print_json(policy(target.stack_of(prefix), role))
