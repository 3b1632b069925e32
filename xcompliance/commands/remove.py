"""``xcompliance remove``."""

from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, notes, print_json


def remove(
    *,
    without_asking: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="Do not ask; takes the prefix of the deployment to remove.")
    ] = None,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Delete a deployment for good, with all files, results, records, logs and the token.

    Shows what there is, with counts and sizes, and asks twice. Also deletes what `make destroy` has kept. If it is
    interrupted, run it again.
    """
    from xcompliance import target
    from xcompliance.removal import asking, inventory, removal
    from xcompliance.removal.kinds import KEY_WAITS_DAYS

    subject = target.subject_of(prefix)
    account = subject.connected
    found = inventory.take(account, subject.prefix)
    removal.refuse_while_running(account, found)
    say = notes().print
    for each in asking.lines(found):
        say(each)
    asking.confirm(found, given=without_asking)
    removal.remove(account, found, say)
    if as_json:
        print_json({"prefix": found.prefix, "stacks": [*found.stacks], "removed": [vars(each) for each in found.kept]})
        return
    answer().print(
        f"{found.prefix} is removed. KMS deletes the key after at least {KEY_WAITS_DAYS} days, and DynamoDB its last "
        "backup of each table after 35.\nNeither costs anything. The CDK's bootstrap, the stack CDKToolkit, stays: "
        "other apps may use it.",
        soft_wrap=True,
    )
