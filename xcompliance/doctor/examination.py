"""All checks, one after the other; whatever comes of one, the others are made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from xcompliance.aws_errors import AwsError, is_denied, meaning_of, sentence, words_of
from xcompliance.doctor import account, deployment, lake_formation, quotas, work, x
from xcompliance.doctor.finding import DeadEnd, Finding, not_checked, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.errors import CommandError

_GONE: Final = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)


@dataclass(frozen=True)
class Check:
    """``needs`` are the checks that it says nothing new without, when they are dead ends.

    Where the caller may not ask, an ``essential`` check is wrong, as other commands will not work either.
    """

    examine: Callable[[Subject], Finding]
    needs: tuple[str, ...] = ("credentials",)
    essential: bool = False


def _wide(check: Callable[[Subject, int], Finding]) -> Callable[[Subject], Finding]:
    """Return a check of a quota against the machines that are deployed."""
    return lambda subject: check(subject, quotas.deployed_side_by_side(subject))


def _on_aws(check: Callable[[Subject], Finding]) -> Callable[[Subject], Finding]:
    """Return a check that the sandbox, which lacks the service, is not asked for."""
    return lambda subject: not_checked("The sandbox has none.") if subject.handle else check(subject)


CHECKS: Final[Mapping[str, Check]] = {
    "region": Check(account.region, (), essential=True),
    "clock": Check(account.clock, ("region",)),
    "credentials": Check(account.credentials, ("region",), essential=True),
    "stack": Check(deployment.stack, essential=True),
    "inbox bucket": Check(deployment.inbox, ("stack",), essential=True),
    "results bucket": Check(deployment.results, ("stack",), essential=True),
    "runs table": Check(deployment.runs_table, ("stack",), essential=True),
    "results table": Check(deployment.results_table, ("stack",), essential=True),
    "state machines": Check(deployment.machines, ("stack",)),
    "turns": Check(work.turns, ("runs table",)),
    "dead letters": Check(work.dead_letters, ("stack",)),
    "inbox folders": Check(work.misplaced_files, ("runs table",)),
    "bearer token": Check(x.bearer_token, ("stack",)),
    "X API": Check(x.x_api, ("bearer token",)),
    "Lambda quota": Check(_wide(quotas.concurrency), ("state machines",)),
    "Step Functions quota": Check(_on_aws(_wide(quotas.transitions)), ("state machines",)),
    "Athena quota": Check(_on_aws(quotas.queries)),
    "Lake Formation": Check(_on_aws(lake_formation.deployed), ("stack",)),
}


def examine(subject: Subject, checks: Mapping[str, Check] = CHECKS) -> Iterator[tuple[str, Finding]]:
    """Each check by its name with what it comes to, as soon as that is known."""
    dead_ends: set[str] = set()
    for name, check in checks.items():
        missing = [need for need in check.needs if need in dead_ends]
        if missing:
            finding, is_dead_end = not_checked(f"This takes: {', '.join(missing)}."), True
        else:
            finding, is_dead_end = _made(check, subject)
        if is_dead_end:
            dead_ends.add(name)
        yield name, finding


def _made(check: Check, subject: Subject) -> tuple[Finding, bool]:
    """What a check comes to, and whether that is a dead end, as it is when it could not be made to its end."""
    try:
        return check.examine(subject), False
    except DeadEnd as end:
        return end.finding, True
    except Exception as error:
        return _of_error(error, check), True


def _of_error(error: Exception, check: Check) -> Finding:
    """What an error means; one that is not known is a mistake of ours, and its text may tell a secret."""
    if isinstance(error, CommandError):
        found, _, advice = str(error).partition(". ")
        return wrong(f"{found.rstrip('.')}.", advice or deployment.DEPLOY)
    if not isinstance(error, AwsError):
        found = f"The check itself failed with {type(error).__name__}: that is a mistake of this command."
        return wrong(found, "Tell its makers; of what it should have looked at, nothing is known.")
    if is_denied(error) and not check.essential:
        return not_checked(sentence(error))
    is_gone = isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _GONE
    unknown = deployment.DEPLOY if is_gone else "Ask again, and AWS's support where it says the same."
    return wrong(words_of(error), meaning_of(error) or unknown)
