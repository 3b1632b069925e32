"""``xcompliance preflight``."""

from pathlib import Path
from typing import Annotated

import typer

from xcompliance.commands.options import Json
from xcompliance.commands.output import answer, print_json
from xcompliance.errors import OutcomeError


def preflight(
    assembly: Annotated[Path, typer.Argument(help="What `make synth` has written.")] = Path("cdk.out"),
    account_only: Annotated[
        bool, typer.Option(help="Check only that there are credentials and a region, as `make bootstrap` does first.")
    ] = False,
    accept_loss: Annotated[bool, typer.Option(help="Go on where something with data is replaced or removed.")] = False,
    as_json: Json = False,
) -> None:
    """Check that what was synthesized can be deployed, and say what that changes and costs; `make deploy` does it.

    Looks at credentials, region, the CDK's bootstrap, quotas, Lake Formation, both stacks as they are and names that
    are taken. Creates nothing.
    """
    from xcompliance.doctor.examination import examine
    from xcompliance.doctor.lines import line
    from xcompliance.doctor.subject import Subject
    from xcompliance.preflight.assembly import Assembly
    from xcompliance.preflight.checks import ADVISORY, checks_of
    from xcompliance.preflight.costs import lines, monthly
    from xcompliance.preflight.sign_in import signed_in

    if account_only:
        who = signed_in()
        if as_json:
            print_json(who)
        else:
            answer().print("Account {account} in {region}, as {arn}".format(**who), soft_wrap=True)
        return
    planned = Assembly.of(assembly)
    console = answer()
    found = []
    for name, finding in examine(Subject(planned.prefix), checks_of(planned, accepts_loss=accept_loss)):
        found.append((name, finding))
        if not as_json:
            console.print(line(name, finding, console.encoding), soft_wrap=True)
    amiss = [name for name, finding in found if finding.verdict == "wrong" and name not in ADVISORY]
    if as_json:
        checks = [{"check": name, **vars(finding)} for name, finding in found]
        print_json(
            {"may_deploy": not amiss, "prefix": planned.prefix, "usd_a_month": monthly(planned), "checks": checks}
        )
    elif not amiss:
        for each in lines(planned):
            console.print(each, soft_wrap=True)
    if amiss:
        raise OutcomeError(f"Nothing was deployed: {', '.join(amiss)}.")
