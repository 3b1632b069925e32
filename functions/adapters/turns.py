"""The turn of each job type: who holds it, and who waits for it, first come first served.

X allows one active job per type. A waiting execution hands in a task token and costs nothing until it is called.
Holder and tickets are items of the runs table, moved by conditional writes, so two holders never exist; calling a
holder twice is harmless, so a call that was lost is repeated by whoever comes next. Whoever comes also asks whether
the execution in the way still runs, so a turn does not outlive its execution even if nobody hears of its end.
"""

import time
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from adapters import executions, items
from adapters.aws import step_functions
from compliance.attempts import Attempt
from compliance.clock import time_text
from compliance.runs import JobType, PartRef

Item = dict[str, Any]

_DEAD_TOKEN = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def take(ref: PartRef, attempt: Attempt, entered_at: str, task_token: str) -> None:
    """Queue an execution, by the time at which it entered its state, and call it when the turn is free.

    An execution has one ticket. A later attempt replaces its token, also when it has become the holder in between; one
    that was held up on its way, and comes after that, changes nothing.
    """
    claim: Item = {
        "execution_arn": attempt.execution_arn,
        "step": attempt.step,
        "entered_at": entered_at,
        "task_token": task_token,
        "run_id": ref.run_id,
        "part": ref.part,
    }
    ticket = {**_ticket_key(ref.type, attempt.execution_arn), **claim}
    if items.put(ticket, Attr("pk").not_exists() | _is_of(attempt)):
        holder = {**_holder_key(ref.type), **claim, "held_since": time_text(time.time())}
        if items.put(holder, _is_of(attempt)):
            _discard(ticket)
    _call_next(ref.type)


def holds(job_type: JobType, execution_arn: str) -> bool:
    """Whether the turn is this execution's."""
    holder = _holder(job_type)
    return holder is not None and holder["execution_arn"] == execution_arn


def release(job_type: JobType, attempt: Attempt) -> None:
    """Take an execution out of the queue, wherever it stands in it, and call the next.

    What the execution has asked for after the ``attempt``, as it was redriven, stays. The ticket goes first: without it
    the execution cannot become the holder any more.
    """
    for key in (_ticket_key(job_type, attempt.execution_arn), _holder_key(job_type)):
        items.delete(key, _is_of(attempt))
    _call_next(job_type)


def sweep(job_type: JobType) -> None:
    """Brings on a queue that has come to a halt: frees the turn of an execution that has ended, repeats a lost call."""
    _call_next(job_type)


def ended(job_type: JobType) -> Iterator[tuple[PartRef, Attempt]]:
    """Yield the parts whose turn it is or will be, the holder's first, and whose executions have ended.

    Each comes with a point behind all that its execution has done.
    """
    holder = _holder(job_type)
    for item in [*([holder] if holder else []), *_tickets(job_type)]:
        if last := _ended(item):
            yield PartRef(item["run_id"], job_type, int(item["part"])), last


def queue(job_type: JobType) -> tuple[str | None, int]:
    """Since when the turn is its holder's, which is None while it is free, and how many wait for it."""
    holder = _holder(job_type)
    since = None if holder is None else str(holder.get("held_since", holder["entered_at"]))
    return since, len(_tickets(job_type))


def _call_next(job_type: JobType) -> None:
    """Calls the holder; a turn that is free, or whose execution has ended, goes to the oldest live ticket first."""
    while True:
        holder = _holder(job_type)
        if holder is None:
            ticket = _first(job_type)
            if ticket is None:
                return
            _promote(job_type, ticket)
        elif _ended(holder):
            _discard(holder)
        else:
            _call(holder)
            return


def _first(job_type: JobType) -> Item | None:
    """The oldest ticket whose execution runs; those before it are taken away."""
    for ticket in _tickets(job_type):
        if not _ended(ticket):
            return ticket
        _discard(ticket)
    return None


def _ended(claim: Item) -> Attempt | None:
    """Return the last attempt of the execution, if it has ended since it made this claim."""
    last = executions.last_attempt(claim["execution_arn"], claim["entered_at"])
    return last if last and not last.is_before(claim) else None


def _call(holder: Item) -> None:
    try:
        step_functions().send_task_success(taskToken=holder["task_token"], output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DEAD_TOKEN:
            raise


def _promote(job_type: JobType, ticket: Item) -> None:
    """Makes a ticket the holder, unless somebody else was faster or the ticket has another token by now."""
    holder = {**ticket, **_holder_key(job_type), "held_since": time_text(time.time())}
    items.transact(
        items.put_of(holder, Attr("pk").not_exists()),
        items.delete_of({"pk": ticket["pk"], "sk": ticket["sk"]}, Attr("task_token").eq(ticket["task_token"])),
    )


def _discard(item: Item) -> None:
    """Takes a ticket or the holder away, unless it was renewed since it was read."""
    items.delete({"pk": item["pk"], "sk": item["sk"]}, Attr("task_token").eq(item["task_token"]))


def _is_of(attempt: Attempt) -> ConditionBase:
    """Return the condition that the execution has made a claim, and none after this attempt."""
    is_not_later = Attr("step").not_exists() | Attr("step").lte(attempt.step)
    return Attr("execution_arn").eq(attempt.execution_arn) & is_not_later


def _holder(job_type: JobType) -> Item | None:
    return items.table().get_item(Key=_holder_key(job_type), ConsistentRead=True).get("Item")


def _tickets(job_type: JobType) -> list[Item]:
    """All tickets, the oldest first."""
    condition = Key("pk").eq(f"TURN#{job_type}") & Key("sk").begins_with("TICKET#")
    return sorted(items.where(condition), key=itemgetter("entered_at", "execution_arn"))


def _holder_key(job_type: JobType) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": "HOLDER"}


def _ticket_key(job_type: JobType, execution_arn: str) -> dict[str, str]:
    return {"pk": f"TURN#{job_type}", "sk": f"TICKET#{execution_arn}"}
