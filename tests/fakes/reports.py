"""What reports are made of: runs that went well, badly, and as their enemies wish."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from compliance.clock import time_text
from compliance.formats import Format
from compliance.report.content import Content, Places, Rejected
from compliance.runs import Part, Run, part_key
from compliance.segments import Segment

RUN_ID = "tweets-0123456789abcdef"
VERSION = "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"
PLACES = Places(
    bucket="xcompliance-results-1a2b3c",
    database="xcompliance",
    work_group="XCompliance",
    results_table="XCompliance-ResultsIndex-1X2Y",
)
LIST = Format("lines")
START = datetime(2026, 11, 25, 10, 44, 1, tzinfo=UTC)

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=https://x.example/ onerror=alert(1)>',
    "'--><svg onload=alert(1)>",
    "</title></style></textarea><script>alert(1)</script>",
    "&lt;b&gt; &amp; javascript:alert(1)",
    "invoice\u202etxt.exe",
    "\u2067\u2066\u202dmirrored",
    "nul\x00 bell\x07 escape\x1b[31m return\r\nline",
    "half a character \ud83d",
    "👩\u200d👩\u200d👧 كلمة עברית 漢字",
    "zero\u200bwidth\ufeff",
    "W" * 1000,
    "",
)


def at(seconds: float) -> str:
    """So long after the run's start."""
    return time_text((START + timedelta(seconds=seconds)).timestamp())


def part(number: int, of: int = 2, **changes: Any) -> Part:
    """A part that is complete; each takes 18 seconds. A change to None leaves an attribute out."""
    begin = 8 + 18 * (number - 1)
    attributes: dict[str, Any] = {
        "run_id": RUN_ID,
        "part": number,
        "type": "tweets",
        "status": "complete",
        "segments_start": 0,
        "segments_end": 1,
        "planned_parts": of,
        "checked_on": "2026-11-25",
        "object_key": part_key(RUN_ID, number),
        "bytes": 2_500_000,
        "crc32c": "yZRlqg==",
        "lines": 127_050,
        "blank": 500,
        "accepted": 125_000,
        "duplicate": 1_250,
        "rejected": 300,
        "prepared_at": at(6 + number / 10),
        "created_at": at(begin + 1.2),
        "uploaded_at": at(begin + 4.5),
        "completed_at": at(begin + 13.9),
        "downloaded_at": at(begin + 14.9),
        "indexed_at": at(begin + 17.2),
        "job_id": f"1990000000000000{number:03}",
        "job_name": f"{RUN_ID}-p{number}-a1",
        "transport": "gcs_resumable",
        "records": 2_500,
        "affected": 2_494,
        "result_errors": 6,
        "by_action": {"delete": 1_775, "scrub_geo": 368, "rehydrate": 351},
        "by_reason": {"deleted": 872, "suspended": 501, "protected": 402, "scrub_geo": 368, "rehydrated": 351},
        "indexed": 2_000,
        "unchanged": 450,
        "outranked": 44,
    } | changes
    return cast(Part, {name: value for name, value in attributes.items() if value is not None})


def run(**changes: Any) -> Run:
    """The run of two such parts. A change to None leaves an attribute out."""
    attributes: dict[str, Any] = {
        "run_id": RUN_ID,
        "type": "tweets",
        "status": "complete",
        "bucket": "xcompliance-inbox-9z8y",
        "key": "tweets/posts.txt",
        "version_id": VERSION,
        "execution_arn": "arn:aws:states:eu-west-1:123456789012:execution:XComplianceRun:one",
        "started_at": at(0),
        "checked_on": "2026-11-25",
        "files": 1,
        "bytes": 5_200_000,
        "parts": 2,
        "lines": 254_100,
        "blank": 1_000,
        "accepted": 250_000,
        "duplicate": 2_500,
        "rejected": 600,
        "warnings": ["12 of 250000 IDs are from the future: X has not given them yet."],
        "prepared_at": at(7),
        "ended_at": at(44.2),
        "records": 5_000,
        "affected": 4_988,
        "result_errors": 12,
        "by_action": {"delete": 3_550, "scrub_geo": 736, "rehydrate": 702},
        "by_reason": {"deleted": 1_744, "suspended": 1_002, "protected": 804, "scrub_geo": 736, "rehydrated": 702},
        "indexed": 4_000,
        "unchanged": 900,
        "outranked": 88,
        "parts_complete": 2,
        "parts_failed": 0,
        "cost_aws_usd": 0.0042,
        "cost_x_usd": 0.07,
        "prices_of": "2026-11-23",
    } | changes
    return cast(Run, {name: value for name, value in attributes.items() if value is not None})


def rejected(line: int, text: str, reason: str = "not_digits", **changes: Any) -> Rejected:
    """A rejected line of the list."""
    about: dict[str, Any] = {"key": "tweets/posts.txt", "range_start": 0, "line": line, "reason": reason, "text": text}
    return Rejected(**about | changes)


def segment(key: str = "tweets/posts.txt", form: Format = LIST, **changes: Any) -> Segment:
    """A whole file."""
    about: dict[str, Any] = {"bucket": "inbox", "version_id": VERSION, "start": 0, "end": 5_200_000}
    return Segment(key=key, format=form, **about | changes)


def complete(**changes: Any) -> Content:
    """A run that went well."""
    about: dict[str, Any] = {
        "run": run(),
        "parts": [part(1), part(2)],
        "segments": [segment()],
        "rejects": [
            rejected(1, "tweet_id", "header"),
            rejected(38, "https://x.com/jack/status/20"),
            rejected(75, "00123", "leading_zero"),
            rejected(112, "n/a"),
            rejected(149, "12345678901234567890123", "too_many_digits"),
        ],
        "places": PLACES,
    }
    return Content(**about | changes)


NOTHING_SAID: dict[str, Any] = dict.fromkeys(
    ("records", "affected", "result_errors", "by_action", "by_reason", "indexed")
)
WORDS = "X answered 402: the account has no credits left."


def failed() -> Content:
    """A run of which one part was not checked."""
    missing: dict[str, Any] = dict.fromkeys(("completed_at", "downloaded_at", "indexed_at"))
    second = part(2, status="failed", error="CreditsDepleted", error_message=WORDS, **NOTHING_SAID, **missing)
    message = f"1 of 2 parts are not checked; part 2: {WORDS}"
    ended = run(status="failed", error="CreditsDepleted", error_message=message, parts_complete=1, parts_failed=1)
    return complete(run=ended, parts=[part(1), second])


def refused() -> Content:
    """A run that ended before anything was read."""
    counted = ("files", "bytes", "parts", "lines", "blank", "accepted", "duplicate", "rejected", "warnings")
    nothing = dict.fromkeys((*counted, "prepared_at", "parts_complete", "parts_failed", "unchanged", "outranked"))
    ending = {
        "status": "failed",
        "error": "UnsupportedInput",
        "error_message": "The object is a ZIP archive. Unpack it.",
    }
    return complete(run=run(**nothing, **NOTHING_SAID, **ending), parts=[], segments=[], rejects=[])


def folder(files: int = 3) -> Content:
    """A run of a complete folder."""
    where = "datasets/tweets/nightly/"
    table = Format("csv", "gzip", 2, ";", True)
    segments = [segment(f"{where}{number:04}.csv.gz", table, end=1000 + number) for number in range(files)]
    place: dict[str, Any] = {"key": f"{where}0001.csv.gz", "range_start": 0}
    return complete(
        run=run(key=f"{where}_SUCCESS", files=files), segments=segments, rejects=[rejected(7, "n/a", **place)]
    )


def large(parts: int, **changes: Any) -> Content:
    """A run of very many parts."""
    ended = run(parts=parts, ended_at=at(8 + 18 * parts), parts_complete=parts)
    return complete(run=ended, parts=[part(number, parts, **changes) for number in range(1, parts + 1)])


def hostile(text: str) -> Content:
    """A run that says the same wherever somebody else has the word."""
    key = f"tweets/{text}"
    return complete(
        run=run(
            key=key,
            version_id=text,
            status="failed",
            error="RequestRefused",
            error_message=text,
            warnings=[text],
        ),
        parts=[
            part(1, job_id=text, job_name=text, by_action={text: 2_000, "delete": 494}, by_reason={text: 2_494}),
            part(2, status="failed", error="RequestRefused", error_message=text, job_id=text, job_name=text),
        ],
        segments=[segment(key, Format("parquet", column=text), version_id=text)],
        rejects=[rejected(1, text, text, key=key)],
    )
