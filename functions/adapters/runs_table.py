"""Runs and their parts in the runs table, each an item. docs/runs-table.md lists what protects each write."""

from typing import Any, cast

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from adapters import consumed, items
from adapters.settings import settings
from compliance.attempts import Attempt
from compliance.errors import JobNotFound, RunTakenOver
from compliance.retention import is_past_retry, ttl
from compliance.runs import ENDED, Part, PartRef, Run

REFUSAL_SECONDS = 7 * 86_400
"""How long X's refusal of ``resumable`` is taken for lasting."""

_RESUMABLE_KEY = {"pk": "X", "sk": "RESUMABLE"}


def register(run: Run, attempt: Attempt, *, retry: bool) -> Run:
    """Write a new run, or return the one that is there already.

    One that has failed begins again when its own execution is back, redriven, or when a later execution asks for it
    with ``retry`` while what it had prepared is kept. It waits for another run of its dataset then: being skipped is no
    end for what somebody wants to have done.
    """
    key = _run_key(run["run_id"])
    items.put_once({**_execution_key(attempt.execution_arn), "run_id": run["run_id"], **_ttl(run)})
    while True:
        known = cast(Run, items.put_once({**run, **attempt.owner(), **key, "listing": "RUN", **_ttl(run)}))
        if known["status"] != "failed" or not _may_begin_again(known, run, attempt, retry=retry):
            return known
        renewed = dict.fromkeys(("ended_at", "report", "told_at", "error", "error_message")) | {
            "status": "registered",
            **attempt.owner(),
        }
        if "dataset" in known:
            renewed["overlap"] = "wait"
        if written := items.update(key, renewed, items.unchanged(known, "status", "execution_arn", "step")):
            return cast(Run, written)


def _may_begin_again(known: Run, run: Run, attempt: Attempt, *, retry: bool) -> bool:
    if known["execution_arn"] == attempt.execution_arn:
        return not attempt.is_before(known)
    is_later = known.get("claimed_at", "") <= attempt.claimed_at
    return retry and is_later and not is_past_retry(known, run["started_at"])


def run_of(execution_arn: str) -> Run | None:
    """The run that an execution has registered and still owns."""
    pointer = items.find(_execution_key(execution_arn))
    run = find_run(pointer["run_id"]) if pointer else None
    return run if run and run["execution_arn"] == execution_arn else None


def find_run(run_id: str) -> Run | None:
    """Return the run's record, or None: it may be gone after ``proof_days``."""
    return cast(Run | None, items.find(_run_key(run_id)))


def get_run(run_id: str) -> Run:
    """The run's record; raises KeyError when there is none."""
    return cast(Run, items.get(_run_key(run_id)))


def get_owned_run(run_id: str, attempt: Attempt) -> Run:
    """Return the run's record; raise RunTakenOver if another execution or a later attempt has written it since."""
    run = get_run(run_id)
    if run["execution_arn"] != attempt.execution_arn or attempt.is_before(run):
        raise _taken_over()
    return run


def get_ended_run(run_id: str, attempt: Attempt) -> Run:
    """Return the record of a run that has ended; raise RunTakenOver as get_owned_run does, or if the run goes on."""
    run = get_owned_run(run_id, attempt)
    if run["status"] not in ENDED:
        raise _taken_over()
    return run


def update_run(run_id: str, *, attempt: Attempt, **attributes: Any) -> Run:
    """Set attributes of a run and return the whole record.

    Raises RunTakenOver if the run belongs to another execution, or if a later attempt of this one has written it.
    """
    is_ours = Attr("execution_arn").eq(attempt.execution_arn) & _is_not_later(attempt)
    written = items.update(_run_key(run_id), {**attributes, "step": attempt.step}, is_ours)
    if written is None:
        raise _taken_over()
    return cast(Run, written)


def _is_not_later(attempt: Attempt) -> ConditionBase:
    return Attr("step").not_exists() | Attr("step").lte(attempt.step)


def _taken_over() -> RunTakenOver:
    return RunTakenOver("Another execution, or a later attempt, has taken the run over.")


def fail_run(run_id: str, attempt: Attempt, failure: tuple[str, str], ended_at: str) -> Run:
    """End a run as failed, with the name and the message of its ``failure``."""
    error, message = failure
    return end_run(run_id, attempt, ended_at, status="failed", error=error, error_message=message)


def end_run(run_id: str, attempt: Attempt, ended_at: str, **attributes: Any) -> Run:
    """End a run with its bill; an end that was told before was an earlier one. Raises as ``update_run``."""
    return update_run(run_id, attempt=attempt, ended_at=ended_at, told_at=None, **attributes, **consumed.bill(run_id))


def plan(part: Part) -> Part:
    """Writes a new part, or returns the one that is there already."""
    item = {**part, **_part_key(part["run_id"], part["part"]), **_ttl(part)}
    return cast(Part, items.put_once(item))


def find_part(run_id: str, part: int) -> Part | None:
    """Return the part's record, or None: it may be gone after ``proof_days``."""
    return cast(Part | None, items.find(_part_key(run_id, part)))


def get_part(run_id: str, part: int) -> Part:
    """The part's record; raises KeyError when there is none."""
    return cast(Part, items.get(_part_key(run_id, part)))


def get_part_with_job(ref: PartRef) -> Part:
    """The part's record with X's job on it; raises JobNotFound when the job was given up."""
    part = get_part(ref.run_id, ref.part)
    if "job_id" not in part:
        raise JobNotFound("The job was given up in the meantime.")
    return part


def has_part(run_id: str, part: int) -> bool:
    """Whether there is such a part."""
    return find_part(run_id, part) is not None


def claim_part(ref: PartRef, attempt: Attempt) -> None:
    """Make a part an execution's, so that it has failed no more; each attempt does so once.

    Raises RunTakenOver if a later execution, or a later attempt of this one, has claimed it.
    """
    while True:
        part = get_part(ref.run_id, ref.part)
        is_ours = part.get("execution_arn") == attempt.execution_arn
        if is_ours and part.get("step", "") == attempt.step:
            return
        if attempt.is_before(part) if is_ours else part.get("claimed_at", "") > attempt.claimed_at:
            raise RunTakenOver("Another execution, or a later attempt, checks the part by now.")
        has_failed = part["status"] == "failed"
        begun: dict[str, Any] = dict.fromkeys(("error", "error_message", "told_at"))
        begun |= {"status": "prepared", "abandoned_jobs": None} if has_failed else {}
        if update_unchanged_part(part, **begun, **attempt.owner()):
            return


def update_part(
    ref: PartRef, *, job: str, until: str | None = None, of_session: str | None = None, **attributes: Any
) -> Part:
    """Set attributes of a part that are about X's ``job``, by its name; return the whole record.

    An attribute set to None is removed. Nothing is written once the part has the attribute ``until``, or if it has not
    the session ``of_session``: what a function writes that comes late must not undo what has happened since. Raises
    JobNotFound once the part has another job or none.
    """
    key, condition = _part_key(ref.run_id, ref.part), about_job(job, until)
    if of_session is not None:
        condition &= Attr("session_uri").eq(of_session)
    part = items.update(key, attributes, condition) or items.find(key)
    if part is None or part.get("job_name") != job:
        raise JobNotFound("The job was given up in the meantime.")
    return cast(Part, part)


def about_job(job: str, until: str | None) -> ConditionBase:
    """Return the condition that a part has this job still, and has not reached ``until``."""
    condition: ConditionBase = Attr("job_name").eq(job)
    return condition if until is None else condition & Attr(until).not_exists()


def update_of_job(ref: PartRef, job: str, attributes: dict[str, Any], *, until: str) -> items.Write:
    """Return the write that ``update_part`` makes, for a transaction."""
    return items.update_of(_part_key(ref.run_id, ref.part), attributes, about_job(job, until))


def update_unchanged_part(part: Part, **attributes: Any) -> Part | None:
    """Set attributes of a part if it has the owner, the status and the job with which it was read; else return None."""
    condition = items.unchanged(part, "execution_arn", "step", "status", "job_name")
    return cast(Part | None, items.update(_part_key(part["run_id"], part["part"]), attributes, condition))


def prepare_part(part: Part, **attributes: Any) -> bool:
    """Writes down that a part was prepared, once: whoever comes later has prepared the same. Returns whether it did."""
    key = _part_key(part["run_id"], part["part"])
    return items.update(key, attributes, Attr("prepared_at").not_exists()) is not None


def deduplicate_part(part: Part, **attributes: Any) -> None:
    """Writes down what a part is without the IDs of lower parts: once, and not when a job has begun with it."""
    condition = Attr("deduplicated_at").not_exists() & Attr("execution_arn").not_exists()
    items.update(_part_key(part["run_id"], part["part"]), attributes, condition)


def list_parts(run_id: str) -> list[Part]:
    """All parts of a run, in their order."""
    condition = Key("pk").eq(f"RUN#{run_id}") & Key("sk").begins_with("PART#")
    return [cast(Part, items.plain(item)) for item in items.where(condition)]


def resumable_was_refused(now: float) -> bool:
    """Whether X has refused ``resumable`` within the last REFUSAL_SECONDS before ``now`` (epoch seconds)."""
    item = items.find(_RESUMABLE_KEY)
    return item is not None and now - item["refused_at"] < REFUSAL_SECONDS


def remember_resumable_refused(now: float) -> None:
    """Writes down that X has just refused ``resumable``, unless it has done so since."""
    is_newer = Attr("refused_at").not_exists() | Attr("refused_at").lt(int(now))
    items.put({**_RESUMABLE_KEY, "refused_at": int(now)}, is_newer)


def _ttl(of: Run | Part) -> dict[str, int]:
    return ttl(of["checked_on"], settings().proof_days)


def _execution_key(execution_arn: str) -> dict[str, str]:
    return {"pk": f"EXECUTION#{execution_arn}", "sk": "RUN"}


def _run_key(run_id: str) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": "RUN"}


def _part_key(run_id: str, part: int) -> dict[str, str]:
    return {"pk": f"RUN#{run_id}", "sk": f"PART#{part:05}"}
