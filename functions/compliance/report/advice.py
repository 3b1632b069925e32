"""What to do about each error that a run may end with."""

from typing import Literal

from compliance import errors
from compliance.errors import ComplianceError, named

Then = Literal["retry", "drop again", "nothing: it goes on"]
"""The same run is started again; the IDs are dropped again, as a run of their own; another execution has the run."""

_CORRECT = "Correct the file and drop it again: it then has a run of its own."

_ADVICE: dict[type[ComplianceError], str] = {
    errors.UnsupportedInput: _CORRECT,
    errors.InputRejected: _CORRECT + " Or raise reject_limit_percent, and start this one again.",
    errors.RoundedIds: "Export the IDs again, as text, and drop them: they then have a run of their own. Or accept the "
    "IDs as they are with rounded_ids=warn, and start this one again.",
    errors.NothingToCheck: _CORRECT,
    errors.PartTooLarge: "Do what the error says, then drop the IDs again: they then have a run of their own.",
    errors.SourceChanged: "Drop the file again: it then has a run of its own.",
    errors.BadCredentials: "Put X’s current bearer token of your App into the deployment’s secret.",
    errors.AccessRefused: "See in X’s developer portal whether the App is enrolled for batch compliance.",
    errors.RouteNotLive: "Ask X to switch batch compliance on for the App’s account.",
    errors.CreditsDepleted: "Buy credits in X’s developer portal, or turn on auto-recharge there.",
    errors.UsageCapExceeded: "Wait for the next billing period, or raise the usage cap or the spending limit in X’s "
    "developer portal.",
    errors.RateLimited: "See what else uses the App: X has limited its requests for a long time.",
    errors.XUnavailable: "Wait until X is well again.",
    errors.UploadInterrupted: "Wait until Google’s storage can be reached again.",
    errors.DownloadInterrupted: "Wait until X or Google can be reached again.",
    errors.ResultsCorrupted: "Start the run again: the answer is then downloaded anew.",
    errors.AwsUnavailable: "Wait until AWS is well again.",
    errors.AwsRefused: "See in the function’s log which request was refused. Deploying again restores its policies.",
    errors.RequestRefused: "See what X or Google says in the error: the request as it is will not be taken.",
    errors.ProtocolViolation: "See whether there is a newer version of this software: X or Google has answered in a "
    "way that this one does not know.",
    errors.JobConflict: "Wait for the end of the other job under the same App, or cancel it.",
    errors.JobForbidden: "Put the token of the App that created the job into the deployment’s secret. Or start the run "
    "again for a job of the new App.",
    errors.UploadRefused: "Check that the secret holds the token of an App that may upload. Then start the run again "
    "for a new job.",
    errors.JobLost: "X’s jobs for this part have come to nothing. Start the run again for a new one.",
    errors.JobOverdue: "Start the run again: it goes on with the same job. A longer job_deadline_hours waits longer.",
    errors.UploadUnverified: "Check whether a proxy removes x-goog-hash from Google’s answers, then start the run "
    "again. Or accept unverified uploads with unverified=warn.",
    errors.ResultsUnverified: "Check whether a proxy removes x-goog-hash from Google’s answers, then start the run "
    "again: it goes on with the same job. Or accept unverified results with unverified=warn.",
    errors.ResultsExpired: "Start the run again: X is asked anew.",
    errors.SessionLost: "Start the run again: the part is uploaded anew.",
    errors.SessionExpired: "Start the run again: the part is uploaded anew.",
    errors.TurnLost: "Start the run again.",
    errors.PartsFailed: "See below what the parts say.",
    errors.RunTakenOver: "See the run’s other execution, which goes on with it.",
    errors.ExecutionStopped: "Start the run again, if it was not stopped for good.",
    errors.QueryFailed: "See in the history of Athena’s workgroup why, then start the run again.",
    errors.StepFailed: "See the log of the function that failed.",
}

_FOR_GOOD = (
    errors.UnsupportedInput,
    errors.NothingToCheck,
    errors.PartTooLarge,
    errors.SourceChanged,
)


def advice(error: str) -> str:
    """What to do about the error of that name."""
    return next(_ADVICE[kind] for kind in type(named(error, "")).__mro__ if kind in _ADVICE)


def then(error: str) -> Then:
    """What makes the IDs checked once the cause of the error is gone."""
    kind = named(error, "")
    if isinstance(kind, errors.RunTakenOver):
        return "nothing: it goes on"
    return "drop again" if isinstance(kind, _FOR_GOOD) else "retry"
