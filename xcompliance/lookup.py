"""What the results index says of single IDs."""

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rich.table import Table

from compliance.columns import is_header
from compliance.ids import read_id
from compliance.runs import JobType
from xcompliance.errors import CommandError
from xcompliance.report import plain_table
from xcompliance.runs import latest_runs
from xcompliance.stack import Stack

READ = 100
"""Items of one request at most [DynamoDB, BatchGetItem]."""
TRIES = 10
"""Requests in a row that DynamoDB may answer with nothing at all."""
NAMED = 3
"""Of what is no ID, so much is named."""


@dataclass(frozen=True)
class Finding:
    """What the index says of an ID; nothing but the ID where it has no item. Times are as the table has them."""

    id: str
    type: JobType
    action: str | None = None
    reason: str | None = None
    since: str | None = None
    run_id: str | None = None


def ids_of(arguments: Iterable[str], stdin: Iterable[str]) -> list[str]:
    """The IDs that are asked for, in that order; ``-`` stands for those on ``stdin``, one per line.

    Blank lines and a header are none. Raises CommandError for anything else that is no ID, and when there is no ID.
    """
    wrong: list[str] = []
    ids: list[str] = []
    for text, place in _texts(arguments, stdin):
        found = read_id(text.encode(errors="replace"))
        if isinstance(found, int):
            ids.append(str(found))
        else:
            wrong.append(f"{text[:40]!r}{place} ({found.replace('_', ' ')})")
    if wrong:
        more = f", and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise CommandError(f"Not an ID: {', '.join(wrong[:NAMED])}{more}. An ID is a number of up to 19 digits.")
    if not ids:
        raise CommandError("There is no ID to look up.")
    return ids


def _texts(arguments: Iterable[str], stdin: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each text that should be an ID, and where it stands."""
    for argument in arguments:
        if argument != "-":
            yield argument, ""
            continue
        for number, line in enumerate(stdin, 1):
            text = line.strip().removeprefix("\ufeff")
            if text and not (number == 1 and is_header(text.encode(errors="replace"))):
                yield text, f" in line {number}"


def look_up(stack: Stack, job_type: JobType, ids: Iterable[str]) -> Iterator[Finding]:
    """What the index says of each ID, in the order of the IDs; raises CommandError when DynamoDB gives no answer."""
    remaining = iter(ids)
    while some := list(islice(remaining, READ)):
        items = read_items(stack, {f"{job_type}#{each}" for each in some})
        for each in some:
            yield _finding(each, job_type, items.get(f"{job_type}#{each}", {}))


def _finding(subject_id: str, job_type: JobType, item: dict[str, Any]) -> Finding:
    said = {name: item.get(name) for name in ("action", "reason", "since", "run_id")}
    return Finding(subject_id, job_type, **said)


def read_items(stack: Stack, subjects: set[str]) -> dict[str, dict[str, Any]]:
    """The items of at most READ subjects, asked for until DynamoDB has read all: it may leave keys out of an answer.

    Raises CommandError when it gives no answer.
    """
    table = stack.results_table
    found: dict[str, dict[str, Any]] = {}
    left, idle = subjects, 0
    while left:
        answer = table.meta.client.batch_get_item(
            RequestItems={
                table.name: {"Keys": [{"subject": each} for each in sorted(left)], "ConsistentRead": True},
            }
        )
        found |= {str(item["subject"]): item for item in answer["Responses"].get(table.name, [])}
        unread = {str(key["subject"]) for each in answer["UnprocessedKeys"].values() for key in each["Keys"]}
        idle = idle + 1 if len(unread) == len(left) else 0
        if idle == TRIES:
            raise CommandError("DynamoDB is too busy to answer. Try again in a minute, or with fewer IDs.")
        if unread:
            time.sleep(random.uniform(0, min(5.0, 0.1 * 2**idle)))  # noqa: S311 -- a pause is no secret
        left = unread
    return found


def table_of(findings: Iterable[Finding]) -> Table:
    """One line per ID."""
    table = plain_table("id", "action", "reason", "since", "run")
    for each in findings:
        cells = (each.reason, each.since, each.run_id)
        table.add_row(each.id, each.action or "no finding", *(cell or "-" for cell in cells))
    return table


def caution(stack: Stack, findings: Iterable[Finding]) -> str | None:
    """What is to be known about IDs without a finding; None when each has one."""
    without = next((each for each in findings if each.action is None), None)
    if without is None:
        return None
    ask = (
        'xcompliance query "SELECT id, verdict, checked_at FROM compliance_status WHERE type = '  # noqa: S608 -- it is only printed
        f"'{without.type}' AND id = '{without.id}'\""
    )
    last = next((run for run in latest_runs(stack, READ) if run.status == "complete"), None)
    if last is not None and last.indexed is None:
        return f"The index is turned off (results_index), so no finding means nothing here. Ask instead: {ask}"
    return f"No finding means clean only if the ID was ever checked, which this shows: {ask}"
