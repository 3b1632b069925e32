"""Check that somebody is signed in, before the CDK says it in its own words."""

from typing import Final

from xcompliance.errors import CommandError
from xcompliance.stack import DEFAULT_PREFIX, Stack

_WHAT: Final = {"AWS_REGION": "region", "AWS_PROFILE": "credentials"}
_HOW: Final = "docs/first-deployment.md says how, step by step."


def signed_in() -> dict[str, str]:
    """Return the caller's account, ARN and region.

    Raises:
        CommandError: There is no region, or there are no credentials.
        ClientError: AWS does not take the credentials.
    """
    session = Stack.of_session(DEFAULT_PREFIX).session
    needed = {"AWS_REGION": session.region_name, "AWS_PROFILE": session.get_credentials()}
    missing = [name for name, found in needed.items() if found is None]
    if missing:
        what = " and no ".join(_WHAT[each] for each in missing)
        raise CommandError(f"Found no AWS {what}: sign in, and set {' and '.join(missing)}. {_HOW}")
    identity = session.client("sts").get_caller_identity()
    return {"account": identity["Account"], "arn": identity["Arn"], "region": str(session.region_name)}
