"""``xcompliance doctor``."""

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, print_json
from xcompliance.errors import OutcomeError
from xcompliance.text import count


def doctor(prefix: Prefix = None, as_json: Json = False) -> None:
    """Check that all is there and works, and say what to do about what does not.

    Looks at credentials, region, clock, stack, buckets, tables, machines, turns, dead letters, the bearer token,
    quotas and Lake Formation, and asks X for its jobs of both types: two requests, for which X charges about a cent.
    """
    from xcompliance import target
    from xcompliance.doctor.examination import examine
    from xcompliance.doctor.lines import line

    found = []
    console = answer()
    for name, finding in examine(target.subject_of(prefix)):
        found.append((name, finding))
        if not as_json:
            console.print(line(name, finding, console.encoding), soft_wrap=True)
    amiss = sum(finding.verdict == "wrong" for _, finding in found)
    if as_json:
        print_json({"all_right": not amiss, "checks": [{"check": name, **vars(finding)} for name, finding in found]})
    if amiss:
        raise OutcomeError(f"{count(amiss)} of {count(len(found))} checks found something wrong.")
