"""What is dropped into the inbox of the deployment that uploads to X itself, and what X is told to answer."""

import json
from functools import cache
from typing import Any

from tests.end_to_end import files
from tests.end_to_end.files import Answer, IdFile, account_ids, lines, plain_file, snowflakes
from tests.end_to_end.gcs import inbox as gcs
from xcompliance.sandbox.simulator.rule import record_line

PLAIN = ("posts", "accounts", "in two parts", "dirty", "gzip", "odd key", "overlapping")
"""The files that X answers as it usually does."""
CHECKED = (*PLAIN, "surprises")
"""The files that must be checked; the others must not."""


@cache
def inbox() -> dict[str, IdFile]:
    """All files, by what is special about them."""
    return {
        "posts": plain_file("tweets/posts.txt", snowflakes(31, 3_000)),
        "accounts": plain_file("users/accounts.txt", account_ids(32, 3_000)),
        "in two parts": plain_file("users/in two parts.txt", snowflakes(33, 60_000)),
        "surprises": plain_file("tweets/surprises.txt", snowflakes(34, 40)),
        **{name: gcs.inbox()[name] for name in ("dirty", "gzip", "odd key", "refused", "empty")},
        "overlapping": _overlapping(),
    }


OVERLAPS = 13_000
"""IDs of the overlapping files that stand in a lower part too."""


def _overlapping() -> IdFile:
    """A complete folder of three files, each of which fills more than half a part and repeats some of the others."""
    ids = snowflakes(39, 65_000)
    contents = {"a": ids[:26_000], "b": ids[20_000:46_000], "c": ids[23_000:26_000] + ids[42_000:]}
    return _folder("datasets/tweets/overlapping/", contents, ids, OVERLAPS)


def _folder(folder: str, contents: dict[str, list[str]], ids: list[str], duplicate: int) -> IdFile:
    files = {f"{folder}{name}.txt": lines(each) for name, each in contents.items()}
    return IdFile(folder + "_SUCCESS", b"", ids, duplicate, folder=files)


DATASETS = """\
datasets:
  - name: standing
    type: tweets
    schedule: cron(0 3 1 1 ? 2099)
    timezone: Europe/Berlin
    overlap: skip
  - name: once-affected
    type: users
    schedule: cron(0 3 1 1 ? 2099)
    query: SELECT DISTINCT id FROM results WHERE type = 'users' AND action IS NOT NULL
"""
"""Due in our grandchildren's time, unless somebody asks for it."""

STANDING = {f"datasets/tweets/standing/{name}.txt": snowflakes(seed, 300) for name, seed in (("a", 51), ("b/c", 52))}
LOST = plain_file("users/lost.txt", account_ids(35, 1_500))
STOPPED = plain_file("users/stopped.txt", account_ids(36, 500))
WAITING = plain_file("users/waiting.txt", account_ids(37, 500))
ABORTED = plain_file("tweets/aborted.txt", snowflakes(38, 500))
_REPEATED = snowflakes(40, 30_000)
HALTED = _folder(
    "datasets/users/halted/", {"a": _REPEATED[:28_000], "b": [*reversed(_REPEATED)]}, _REPEATED, duplicate=28_000
)
REFUSALS = {
    "BadCredentials": plain_file("users/token rejected.txt", account_ids(41, 50)),
    "CreditsDepleted": plain_file("users/credits depleted.txt", account_ids(42, 50)),
    "UsageCapExceeded": plain_file("users/usage cap.txt", account_ids(43, 50)),
}
HELD = (plain_file("tweets/held.txt", snowflakes(44, 50)), plain_file("users/held.txt", account_ids(45, 50)))
LATER = (LOST, STOPPED, WAITING, ABORTED, HALTED, *REFUSALS.values(), *HELD)
"""Dropped after the others."""


@cache
def surprises() -> dict[str, list[dict[str, Any]]]:
    """What X may say one day: the lines about one ID each, by what is surprising about them."""
    known = {"created_at": "2024-05-06T07:08:09.123Z", "redacted_at": "2024-06-07T08:09:10.000Z"}
    deleted = {"action": "delete", "reason": "deleted", **known}
    scrubbed = {"action": "scrub_geo", "reason": "scrub_geo", **known}
    said: dict[str, list[dict[str, Any]]] = {
        "unknown words": [{"action": "quarantine", "reason": "under_review", **known}],
        "an error": [{"error": "not_authorized"}],
        "the weaker word first": [scrubbed, deleted],
        "the stronger word first": [deleted, scrubbed],
        "the old word for a location": [{"action": "delete", "reason": "scrub_geo", **known}],
        "a new field": [{**deleted, "withheld_in": ["DE", "FR"]}],
        "an older name": [
            {"action": "delete", "reason": "protected", "created_at": None, "deleted_at": known["redacted_at"]}
        ],
        "another zone": [{"action": "delete", "reason": "bounced", "created_at": "2012-12-31T16:00:00-08:00"}],
        "no reason": [{"action": "delete", **known}],
        "a time that is none": [{"action": "delete", "reason": "deleted", "created_at": "yesterday"}],
        "an awkward reason": [{"action": "delete", "reason": 'käse, "quoted"\tand\n{more}', **known}],
        "an error beside an action": [{**deleted, "error": "partly"}],
    }
    ids = inbox()["surprises"].ids
    return {
        name: [{"id": each, **line} for line in lines] for (name, lines), each in zip(said.items(), ids, strict=False)
    }


def answer_by_rule(file: IdFile) -> Answer:
    """What X answers as it usually does."""
    return files.answer_by_rule(file, "x-hosted")


def answers() -> dict[str, Answer]:
    """What the product must make of it: its own words for what X says in several ways."""
    plain = {name: answer_by_rule(inbox()[name]) for name in PLAIN}
    return {**plain, "surprises": Answer([_read(line) for lines in surprises().values() for line in lines])}


def events() -> bytes:
    """The simulator's events file, with blank lines in it and IDs that nobody asks about."""
    by_rule = map(answer_by_rule, [*(inbox()[name] for name in PLAIN), *LATER])
    told = [record_line(record, "x-hosted") for answer in by_rule for record in answer.records]
    told += [json.dumps(line).encode() + b"\n" for lines in surprises().values() for line in lines]
    told.append(json.dumps({"id": "77777777777777777", "action": "delete", "reason": "deleted"}).encode() + b"\n")
    return b"\n".join(told)


def _read(line: dict[str, Any]) -> dict[str, Any]:
    """A line as it is to be understood."""
    read = dict(line)
    if (line.get("action"), line.get("reason")) == ("delete", "scrub_geo"):
        read["action"] = "scrub_geo"
    if line.get("created_at") == "yesterday":
        read["created_at"] = None
    read["redacted_at"] = line.get("redacted_at") or line.get("deleted_at")
    return read
