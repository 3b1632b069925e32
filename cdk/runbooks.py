"""What whoever is called by an alarm needs to know, by the alarm's name; `docs/operations.md` has the same words."""

from dataclasses import dataclass
from typing import Final

LONGEST_DESCRIPTION: Final = 1024
"""Characters that CloudWatch takes."""


@dataclass(frozen=True)
class Runbook:
    """What an alarm means, what to look at, and what to do; braces stand for what only a deployment knows."""

    means: str
    look: str
    do: str

    def description(self, **values: object) -> str:
        """The alarm's description; raises ValueError when CloudWatch would not take it, KeyError without a value."""
        text = f"{self.means}\nLOOK: {self.look}\nDO: {self.do}".format(**values)
        if len(text) > LONGEST_DESCRIPTION:
            raise ValueError(f"a runbook has {LONGEST_DESCRIPTION} characters at most: {text}")
        return text


RUNBOOKS: Final = {
    "RunFailed": Runbook(
        means="A run has failed. The IDs of its unchecked parts have no answer; those of its other parts have theirs.",
        look="xcompliance runs lists it; xcompliance show RUN says why, with each part's error and what to do. "
        "docs/operations.md has every error by name.",
        do="Remove the cause, then: xcompliance retry RUN. What is checked is not checked again. Where the file itself "
        "is at fault, correct it and drop it again.",
    ),
    "TokenRejected": Runbook(
        means="X rejects the bearer token (401), also at a second try with the secret read anew. Every job fails until "
        "there is a valid one.",
        look="X's developer portal: was the App's bearer token regenerated or revoked?",
        do='read -rs BEARER_TOKEN; printf %s "$BEARER_TOKEN" | aws secretsmanager put-secret-value --secret-id '
        "<BearerTokenSecretArn> --secret-string file:///dev/stdin (the ARN is an output of the stack); nothing is "
        "deployed. Then for each failed run: xcompliance retry RUN.",
    ),
    "CreditsDepleted": Runbook(
        means="X answers 402, also after 11 minutes, in which auto-recharge would have bought credits twice: the "
        "account has none left. Every job fails until there are some.",
        look="X's developer portal, billing. The dashboard shows what is spent each day.",
        do="Buy credits or see why auto-recharge does not, then for each failed run: xcompliance retry RUN. Jobs that "
        "X has completed are not paid for again.",
    ),
    "UsageCapExceeded": Runbook(
        means="X refuses requests: the account's usage cap (429) or its spending limit (403, SpendCapReached) is "
        "reached, which no wait of minutes lifts.",
        look="xcompliance show RUN says which of the two, and when X lifts a spending limit. X's developer portal, "
        "usage and billing: what else counts toward it?",
        do="Raise it or wait for the next period, then for each failed run: xcompliance retry RUN.",
    ),
    "TurnHeldTooLong": Runbook(
        means="One part has had the turn of {type} for {hours:g} hours; all others of the type wait. X is slow, or a "
        "job of somebody else under the same App is in the way.",
        look="xcompliance runs, then xcompliance show RUN of the one that is being checked: the part's status, and the "
        "job that it waits for, if any. X's developer status page says whether X is well.",
        do="Mostly wait: the part gives up by itself after job_deadline_hours or conflict_deadline_hours. Another "
        "App's job can be cancelled there. To let the next one go first: xcompliance cancel RUN, and retry it later.",
    ),
    "ResultsAboutToExpire": Runbook(
        means="X has an answer that is not downloaded, and deletes it within {hours:g} hours: 7 days after the job was "
        "created. Most likely its run has failed, or was stopped while X was at it.",
        look="xcompliance runs: the failed runs of the last week; xcompliance show RUN says why.",
        do="Remove the cause, then: xcompliance retry RUN. The answer is fetched and the job is not paid for again. "
        "Once it is gone, a retry asks X anew.",
    ),
    "CheckOverdue": Runbook(
        means="The dataset {dataset} has had no complete check for {days:g} days: its checks fail, are skipped, or do "
        "not begin.",
        look="xcompliance datasets shows its last check and the next; xcompliance runs its failed and skipped runs, "
        "and xcompliance show RUN says why. The alarm ChecksNotStarted tells of those that could not begin.",
        do="Remove the cause, then: xcompliance check {dataset}, or xcompliance retry RUN of a failed one. Where they "
        "merely take longer, give the dataset more max_age_days in datasets.yaml, and deploy.",
    ),
    "ChecksNotStarted": Runbook(
        means="A schedule could not start the check of a dataset for 24 hours. This check will not take place.",
        look="aws sqs receive-message --message-attribute-names All --queue-url {queue} - ERROR_CODE and ERROR_MESSAGE "
        "say why, the body names the dataset.",
        do="Remove the cause, then: xcompliance check DATASET. Delete the message, or: aws sqs purge-queue --queue-url "
        "{queue}",
    ),
    "RunsNotStarted": Runbook(
        means="A file was dropped, and EventBridge could not start its run for 24 hours. It will not be checked.",
        look="aws sqs receive-message --message-attribute-names All --queue-url {queue} - ERROR_CODE and ERROR_MESSAGE "
        "say why, the object's key in the body names the file.",
        do="Remove the cause (deploying again restores roles), then: aws stepfunctions start-execution "
        "--state-machine-arn <RunStateMachineArn> --input <the body, or its detail if it has one>, and delete the "
        "message.",
    ),
    "ExecutionsNotSettled": Runbook(
        means="An execution was ended from outside and could not be settled: its turn, its job at X or its run's "
        "record may stand as if it went on.",
        look="aws sqs receive-message --queue-url {queue} and the log: aws logs tail "
        "/aws/lambda/{prefix}-settle_execution --since 1d",
        do="Remove the cause, then: aws lambda invoke --function-name {prefix}-settle_execution "
        "--cli-binary-format raw-in-base64-out --payload <the message's body, or its requestPayload> /dev/stdout, and "
        "delete the message. It may be done twice.",
    ),
    "MisplacedNotNoted": Runbook(
        means="A file was dropped where nothing is read, or taken away from there, and that could not be noted: "
        "xcompliance runs and xcompliance doctor may leave such a file out, or list one that is gone.",
        look="aws sqs receive-message --queue-url {queue} - the object's key in the body names the file; and the log: "
        "aws logs tail /aws/lambda/{prefix}-note_misplaced --since 1d",
        do="Remove the cause, then: aws lambda invoke --function-name {prefix}-note_misplaced --cli-binary-format "
        "raw-in-base64-out --payload <the message's body, or its requestPayload> /dev/stdout, and delete the message. "
        "It may be done twice.",
    ),
    "SettleExecutionFails": Runbook(
        means="The function that settles what was ended from outside, and looks after the turns, fails again and "
        "again. Runs may wait for a turn that nobody frees.",
        look="The saved query {prefix}/Errors by name, or: aws logs tail /aws/lambda/{prefix}-settle_execution "
        "--since 1h",
        do="AwsRefused: deploy again, which restores its policies. AwsUnavailable: wait until AWS is well; the next "
        "try comes within 15 minutes. Any other: see docs/operations.md.",
    ),
    "NobodyLooksAfterTurns": Runbook(
        means="For an hour nothing was heard of the schedule that looks after the turns every 15 minutes. The levels "
        "on the dashboard are old, and the alarms that rest on them are silent.",
        look="aws events list-rules --name-prefix {prefix}Pipeline - is the one named LookAfterTurns enabled? Does the "
        "function {prefix}-settle_execution fail, or is it throttled?",
        do="aws events enable-rule --name <the rule>, or deploy again. After the first deployment this alarm ends by "
        "itself within 15 minutes.",
    ),
}
