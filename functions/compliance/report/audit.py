"""What proves the check: versions, checksums, counts, X's jobs, and times."""

from collections.abc import Mapping, Sequence

import htpy as h
from htpy import Element, Node

from compliance.accounting import total_indexed
from compliance.report.content import Content
from compliance.report.elements import Column, code, data, facts, folded, section, table
from compliance.report.partlist import note_on_others, shown
from compliance.report.texts import count, counted, dollars, shortened, size
from compliance.runs import Findings, Part, Run

_OPEN_PARTS = 12
_MOST_WORDS = 160


def audit(content: Content) -> Element:
    """The run's facts, and those of each part."""
    run, parts = content.run, content.parts
    return section(
        "audit",
        "Audit facts",
        facts(
            [
                ("Run", code(run["run_id"])),
                ("Object", code(f"s3://{run['bucket']}/{run['key']}")),
                ("Object version", code(run["version_id"]) if "version_id" in run else None),
                ("Scheduled", _time(run.get("scheduled_at"))),
                ("Started", _time(run.get("started_at"))),
                ("Prepared", _time(run.get("prepared_at"))),
                ("Ended", _time(run.get("ended_at"))),
                ("Lines", _equation(run)),
                ("Duplicates across parts", _across_parts(run)),
                ("Records of X", _records(content.findings)),
                ("In the index", _index(total_indexed(parts))),
                ("Cost, estimated", _cost(run)),
            ]
        ),
        parts
        and folded(
            f"{counted(len(parts), 'part', 'parts')}: checksums and X’s jobs",
            table(
                "Parts, each with the CRC32C (Base64) of what was sent",
                (
                    Column("Part"),
                    Column("Status", "wide"),
                    Column("IDs", "number"),
                    Column("Bytes", "number"),
                    Column("CRC32C", "code checksum"),
                    Column("X’s job", "code job"),
                    Column("Records", "number"),
                ),
                (_row(part) for part in shown(parts)),
                "stack",
            ),
            note_on_others(parts),
            is_open=len(parts) <= _OPEN_PARTS,
        ),
    )


def _time(text: str | None) -> Node:
    return h.time(datetime=text)[text] if text else None


def _equation(run: Run) -> str | None:
    if "lines" not in run:
        return None
    notices = f" + {count(run['notice'])} notices" if run.get("notice") else ""
    embedded = f" + {count(run['embedded'])} embedded" if run.get("embedded") else ""
    return (
        f"{count(run['lines'])}{embedded} = {count(run['accepted'])} accepted + {count(run['duplicate'])} duplicate + "
        f"{count(run['rejected'])} rejected + {count(run['blank'])} blank{notices}"
    )


def _across_parts(run: Run) -> str | None:
    return count(run["duplicate_across_parts"]) if "duplicate_across_parts" in run else None


def _records(found: Findings | None) -> str | None:
    if found is None:
        return None
    return (
        f"{count(found['records'])} = {count(found['affected'])} with an action + "
        f"{count(found['result_errors'])} with an error"
    )


def _index(counts: Mapping[str, int]) -> str | None:
    if not counts:
        return None
    return (
        f"{count(counts['indexed'])} written, {count(counts['unchanged'])} unchanged, "
        f"{count(counts['outranked'])} outranked by another word"
    )


def _cost(run: Run) -> str | None:
    if "cost_aws_usd" not in run:
        return None
    aws, x = dollars(run["cost_aws_usd"]), dollars(run["cost_x_usd"])
    return f"{aws} at AWS, {x} at X, by the prices of {run['prices_of']}"


def _row(part: Part) -> Sequence[Node]:
    return (
        str(part["part"]),
        [
            h.span(class_=f"status {part['status']}")[part["status"].replace("_", " ")],
            "unverified" in part and [" ", f"{' and '.join(part['unverified'])} unverified"],
            "error" in part
            and [" ", data(shortened(f"{part['error']}: {part.get('error_message', '')}", _MOST_WORDS))],
            "job_error" in part and [" X on the last failed job: ", data(shortened(part["job_error"], _MOST_WORDS))],
        ],
        count(part["accepted"]) if "accepted" in part else "–",
        size(part["bytes"]) if "bytes" in part else "–",
        code(part["crc32c"]) if "crc32c" in part else "–",
        [code(part["job_id"]), h.br, code(part["job_name"])] if "job_id" in part and "job_name" in part else "–",
        count(part["records"]) if part["status"] == "complete" else "–",
    )
