"""Every way a step can end other than well.

The class name is the contract with the state machines: Step Functions matches it in ``ErrorEquals``. A message
says what happened, where, and what to do; it never holds a token, a signed URL, a session URI or a checked ID.
"""

import json
import re
from collections.abc import Iterator


class ComplianceError(Exception):
    """Any failure that this system knows by name."""


class TransientError(ComplianceError):
    """The same step may succeed when it is tried again; the state machines retry each of these by name."""


class AwsUnavailable(TransientError):
    """An AWS service throttled a request or failed to answer it."""


class XUnavailable(TransientError):
    """X answered 408 or 5xx, or did not answer."""


class RateLimited(TransientError):
    """X answered 429 because of its rate limit of 150 requests per 15 minutes."""

    def __init__(self, message: str, reset_at: float | None = None) -> None:
        """``reset_at`` is X's ``x-rate-limit-reset`` in epoch seconds, where it was given."""
        super().__init__(message)
        self.reset_at = reset_at


class BadCredentials(TransientError):
    """X does not accept the bearer token (401). It may have been rotated: the next try reads it anew, once."""


class CreditsDepleted(TransientError):
    """X answered 402: the account has no credits left. X buys some itself if auto-recharge is on."""


class UploadInterrupted(TransientError):
    """The upload made no headway; what the server has persisted is not lost."""


class DownloadInterrupted(TransientError):
    """The download made no headway; what is stored so far is not lost."""


class ResultsCorrupted(TransientError):
    """The downloaded results differ from what the server says, or their pieces were replaced; they are fetched anew."""


class PermanentError(ComplianceError):
    """Trying the same step again changes nothing."""


class UnsupportedInput(PermanentError):
    """The object in the inbox is not a file of IDs that can be read."""


class SourceChanged(PermanentError):
    """The object that a part was planned from is gone or is not the same any more."""


class StepFailed(PermanentError):
    """A step failed for a reason that has no name of its own: its function crashed or ran out of time, say."""


class InputRejected(PermanentError):
    """More lines than allowed are not IDs."""


class RoundedIds(PermanentError):
    """The IDs were rounded by a spreadsheet or a floating-point number: they are not those of the posts or users."""


class NothingToCheck(PermanentError):
    """Not a single ID is left to check."""


class PartTooLarge(PermanentError):
    """A part is larger than one upload may be."""


class QueryFailed(PermanentError):
    """Athena has not answered a query of ours, or not what it was asked."""


class AwsRefused(PermanentError):
    """AWS refused a request for good: access is denied, or what it names is gone or wrong."""


class AccessRefused(PermanentError):
    """X refuses this App or this URL (403)."""


class UsageCapExceeded(PermanentError):
    """The account's usage cap (429) or spending limit (403) is reached, which no wait of minutes lifts."""


class RequestRefused(PermanentError):
    """X or Google refused a request as wrong (400 and the other 4xx)."""


class JobConflict(PermanentError):
    """X answered 409, for longer than the deployer waits: somebody else's job of this type is active."""


class TurnLost(PermanentError):
    """The execution does not hold its turn (any more): it was stopped, and has been redriven since."""


class RouteNotLive(PermanentError):
    """A 404 with an empty body: X has not switched this route on for the account."""


class ProtocolViolation(PermanentError):
    """An answer lacks what the protocol promises, or names a host that is not allowed."""


class SessionLost(PermanentError):
    """Google does not know the upload session any more (404, 410 or 499); a new one may be opened."""


class SessionExpired(PermanentError):
    """The upload session is over a week old; a new one may be opened."""


class JobLost(PermanentError):
    """X's job will not answer for the part any more. A new job may."""


class UploadWindowClosed(JobLost):
    """``upload_expires_at`` has passed before the upload was opened."""


class UploadRefused(JobLost):
    """X refuses the upload, also with the token read again."""


class DownloadRefused(JobLost):
    """X or Google refuses the download, also from a URL that X has given anew."""


class JobForbidden(JobLost):
    """X's job is not one of the App that the bearer token is of."""


class UploadCorrupted(JobLost):
    """The stored object's CRC32C is not the part's."""


class UploadUnverified(JobLost):
    """Google has not named the stored object's CRC32C, and the deployment accepts no unverified upload."""


class JobEnded(JobLost):
    """X's job has ended without results, so there is nothing to cancel."""


class JobFailed(JobEnded):
    """X reports the job as failed."""


class JobExpired(JobEnded):
    """X reports the job as expired."""


class JobNotFound(JobEnded):
    """X does not know the job."""


class JobOverdue(PermanentError):
    """The job has not ended within the deadline."""


class ResultsUnverified(PermanentError):
    """Google has not named the results' CRC32C, and the deployment accepts no unverified results."""


class ResultsExpired(PermanentError):
    """The download window of 7 days from creation is over."""


class PartsFailed(PermanentError):
    """At least one part of the run was not checked."""


class RunTakenOver(PermanentError):
    """The run belongs to another execution by now: it was started again."""


class ExecutionStopped(PermanentError):
    """The execution was ended from outside, or ran out of time."""


def is_job_lost(name: str) -> bool:
    """Whether the error of that name means that a new job for the same part may help."""
    return issubclass(_OURS.get(name, StepFailed), JobLost)


def is_job_ended(name: str) -> bool:
    """Whether the error of that name means that X's job cannot be cancelled any more."""
    return issubclass(_OURS.get(name, StepFailed), JobEnded)


def named(name: str, message: str) -> ComplianceError:
    """The error that a state machine speaks of by its name; StepFailed for a name that is not ours."""
    return _OURS.get(name, StepFailed)(message)


def known(name: str) -> str:
    """The name itself if it is one of ours; StepFailed for any other, as there may be any number of them."""
    return name if name in _OURS else StepFailed.__name__


def message_of(name: str, cause: str) -> str:
    """The words of a failure: our own errors' message out of Lambda's ``cause``, or the mere name of anything else.

    Only our own messages are known to hold no secret.
    """
    if name not in _OURS:
        return f"The step failed with {name}; the log of its function says more."
    match = _MESSAGE.search(cause)
    return str(json.loads(match[1])) if match else str(_OURS[name].__doc__)


_MESSAGE = re.compile(r'"errorMessage":\s*("(?:[^"\\]|\\.)*")')
"""Found in a cut-off ``cause`` too."""


def _descendants(kind: type[ComplianceError]) -> Iterator[type[ComplianceError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


_OURS = {error.__name__: error for kind in (TransientError, PermanentError) for error in _descendants(kind)}
