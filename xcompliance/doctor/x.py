"""Whether X lets the deployment in: the token in the secret, and what X answers to it."""

from datetime import UTC, datetime
from typing import Final

from botocore.exceptions import ClientError

from compliance.bearer_token import read_token
from compliance.errors import (
    AccessRefused,
    BadCredentials,
    ComplianceError,
    CreditsDepleted,
    RateLimited,
    RouteNotLive,
    UsageCapExceeded,
)
from compliance.runs import JOB_TYPES, part_of_job
from compliance.wire import Response, WireError
from compliance.x_api import ComplianceJob, XApi, jobs_of
from xcompliance.doctor.finding import DeadEnd, Finding, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.doctor.wire import send
from xcompliance.runs import find_run
from xcompliance.stack import Stack
from xcompliance.text import moment

PLACEHOLDER_LENGTH: Final = 32
"""Characters that Secrets Manager generates unless it is told another number."""

_TO_DO: Final[dict[type[ComplianceError], str]] = {
    CreditsDepleted: "Buy credits in X's developer portal; then go on with what has failed: xcompliance retry",
    AccessRefused: "In X's developer portal, have the App enrolled for batch compliance; the token must be that App's "
    "app-only one.",
    UsageCapExceeded: "Raise the cap or the spending limit in X's developer portal.",
    RouteNotLive: "Ask X for access to batch compliance for this App.",
}


def bearer_token(subject: Subject) -> Finding:
    """Whether somebody has put a token into the secret since it was created."""
    try:
        text = subject.secret.get("SecretString", "")
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
        arn = subject.stack["BearerTokenSecretArn"]
        advice = f"aws secretsmanager restore-secret --secret-id {arn}"
        raise DeadEnd(wrong("The secret is marked for deletion.", advice)) from None
    if _looks_generated(text) and not _was_replaced(subject):
        found = "The secret still holds the random placeholder that it was created with."
        raise DeadEnd(wrong(found, _put_token(subject)))
    try:
        read_token(text)
    except BadCredentials as error:
        raise DeadEnd(wrong(str(error), _put_token(subject))) from None
    return right(f"was put into the secret {moment(subject.secret['CreatedDate'].astimezone(UTC))} UTC")


def _looks_generated(text: str) -> bool:
    return len(text) == PLACEHOLDER_LENGTH and text.isascii() and text.isalnum()


def _was_replaced(subject: Subject) -> bool:
    """A secret has a previous version since its value was first replaced [AWS, PutSecretValue]."""
    about = subject.client("secretsmanager").describe_secret(SecretId=subject.stack["BearerTokenSecretArn"])
    return any("AWSPREVIOUS" in stages for stages in about.get("VersionIdsToStages", {}).values())


def _put_token(subject: Subject) -> str:
    """The command that replaces the token, and leaves it neither in the history nor in the list of processes."""
    arn = subject.stack["BearerTokenSecretArn"]
    command = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string file:///dev/stdin"
    return f'read -rs BEARER_TOKEN; printf %s "$BEARER_TOKEN" | {command}'


def x_api(subject: Subject) -> Finding:
    """What X answers to the token when it is asked for its jobs, and whether one is in the way."""
    api = XApi(subject.stack["XApiUrl"], read_token(subject.secret.get("SecretString", "")))
    said: list[str] = []
    in_the_way: list[str] = []
    for job_type in JOB_TYPES:
        try:
            answer = send(api.list(job_type))
            jobs = jobs_of(answer)
        except WireError as error:
            return wrong(
                f"{api.base_url} did not answer: {error}.",
                "Look at this machine's network and proxy; the functions, which have their own, may fare better.",
            )
        except ComplianceError as error:
            return wrong(str(error), _to_do(subject, error))
        said.append(f"{job_type}: {_left(answer)}")
        active = next((job for job in jobs if job.is_active), None)
        if active is None:
            said += [
                f"{job_type}: job {job.id} is {job.shown_status}, which is no known status"
                for job in jobs
                if not job.has_ended
            ]
        if active is not None:
            place, whose = _owner(subject.stack, active)
            (in_the_way if place == "in the way" else said).append(f"{job_type}: {whose}")
    if in_the_way:
        return wrong(
            f"X's one place for a job is taken. {'. '.join(in_the_way)}.",
            "Runs wait for it, up to conflict_deadline_hours. Let it end, or cancel it with the program that made it.",
        )
    return right(f"grants access; {'; '.join(said)}")


def _to_do(subject: Subject, error: ComplianceError) -> str:
    if isinstance(error, BadCredentials):
        return _put_token(subject)
    if isinstance(error, RateLimited):
        until = datetime.fromtimestamp(error.reset_at, UTC) if error.reset_at else None
        is_ahead = until is not None and until > datetime.now(UTC)
        return f"Wait until {moment(until)} UTC." if until and is_ahead else "Wait a quarter of an hour."
    return _TO_DO.get(type(error), "Try again in a few minutes; runs do so by themselves.")


def _left(answer: Response) -> str:
    """What is left of the rate limit for asking."""
    left, limit = (answer.headers.get(f"x-rate-limit-{name}") for name in ("remaining", "limit"))
    return f"{left} of {limit} requests left" if left and limit else "no word of the rate limit"


def _owner(stack: Stack, job: ComplianceJob) -> tuple[str, str]:
    """Whether the job is one of a run that goes on, and whose it is."""
    ours = part_of_job(job.name or "")
    run = find_run(stack, ours[0]) if ours else None
    if run is None:
        return "in the way", f"job {job.id}, named {job.name or 'nothing'}, is no run's of this deployment"
    if run.has_ended:
        return "in the way", f"job {job.id} was left by the run {run.run_id}, which has ended ({run.status})"
    return "at work", f"job {job.id} is at work for the run {run.run_id}"
