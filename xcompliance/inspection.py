"""Read an input as a run would, before it is dropped: by the same functions, without AWS and X."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Final, Literal, NamedTuple, cast

from adapters.id_lines import id_lines
from adapters.object_word import ID_COLUMN, ROUNDED_IDS
from adapters.spool import Spool
from compliance import columns
from compliance.acceptance import Acceptance
from compliance.accounting import Rows
from compliance.errors import ComplianceError
from compliance.formats import Format, beginning, header_of
from compliance.ids import BOM, Reject
from compliance.normalizer import Normalized
from compliance.plausibility import latest_id
from compliance.preparation import prepare
from compliance.readers.arrays import first_elements
from compliance.readers.objects import Objects, fields_of
from compliance.reading import Rejects, normalized
from compliance.report.content import Rejected
from compliance.runs import JobType, Part
from compliance.segments import Found, Segment, about, check_count, pack, plan, planned_intact, planned_warnings
from xcompliance.input_settings import InputSettings
from xcompliance.preflight.costs import of_run
from xcompliance.sources import Files

MOST_IDS: Final = 5
MOST_REJECTS: Final = 5

_SAMPLE: Final = 200
"""Objects at the beginning of a JSON file that are looked at for the name of the field."""


@dataclass
class Inspection:
    """What would become of an input: the document of ``--json``, whose keys are promised."""

    outcome: Literal["accepted", "refused"] = "accepted"
    error: str | None = None
    message: str | None = None
    format: str | None = None
    column: str | None = None
    accepted: int = 0
    embedded: int = 0
    duplicate: int = 0
    rejected: int = 0
    blank: int = 0
    warnings: list[str] = field(default_factory=list)
    first_ids: list[str] = field(default_factory=list)
    parts: int = 0
    cost_x_usd: float = 0.0
    cost_aws_usd: float = 0.0


class Kind(NamedTuple):
    """How a file is read, which column or field of it, and why that one."""

    format: Format
    column: str | None
    why: str | None


@dataclass
class Look:
    """An inspection, and what else people are shown of it."""

    result: Inspection = field(default_factory=Inspection)
    lines: int = 0
    notice: int = 0
    kinds: dict[Kind, int] = field(default_factory=Counter)
    rejects: list[Rejected] = field(default_factory=list)


def inspect(
    files: Files, job_type: JobType, column: str | None, settings: InputSettings, read: Callable[[int], None]
) -> Look:
    """Read ``files`` as the run of their drop would. ``column`` goes before the one that a file's owner names.

    ``read`` is told how many bytes of the files were read since the last time.
    """
    look = Look()
    try:
        _Reading(look, files, job_type, column, settings, read).run()
    except ComplianceError as error:
        look.result.outcome, look.result.error, look.result.message = "refused", type(error).__name__, str(error)
    return look


@dataclass(frozen=True)
class _Reading:
    look: Look
    files: Files
    job_type: JobType
    column: str | None
    settings: InputSettings
    read: Callable[[int], None]

    def run(self) -> None:
        """Do what Plan Parts, Prepare Part and Accept Input do. Raises a ComplianceError as they do."""
        result = self.look.result
        try:
            segments = [segment for found in self.files.found() for segment in self._planned(found)]
        finally:
            self._name_kinds()
        planned = pack(segments, self.settings.part_bytes)
        check_count(len(planned))
        parts = [part for segments in planned for part in self._prepared(segments)]
        whole = Acceptance(
            self.job_type, parts, planned_warnings(segments), planned_intact(segments), self._accepts_rounded
        )
        whole.check()
        said = whole.said()
        for name in ("accepted", "embedded", "duplicate", "rejected", "blank", "warnings", "parts"):
            setattr(result, name, said.get(name, 0))
        self.look.lines, self.look.notice = said["lines"], said["notice"]
        whole.judge(self.settings.reject_limit_percent)
        result.cost_aws_usd, result.cost_x_usd = of_run(result.accepted, sum(part["accepted"] > 0 for part in parts))

    def _accepts_rounded(self) -> bool:
        return (self.files.word(ROUNDED_IDS) or self.settings.rounded_ids) == "warn"

    def _planned(self, found: Found) -> list[Segment]:
        named = self.column or self.files.word(ID_COLUMN)
        try:
            segments = plan(
                found,
                self.job_type,
                self.settings.part_bytes,
                lambda: named,
                self.settings.id_column,
                reads_embedded=self.settings.embedded,
            )
        except ComplianceError as error:
            raise about(error, found.key) from None
        kind = _kind(segments[0].format, found.beginning, self.job_type)
        asked = "--column" if self.column else "the object’s owner" if named else "the setting id_column"
        if kind.column and (named or (self.settings.id_column and kind.format.kind in ("csv", "tsv", "parquet"))):
            kind = kind._replace(why=f"named by {asked}")
        self.look.kinds[kind] += 1
        return segments

    def _name_kinds(self) -> None:
        kinds = list(self.look.kinds)
        self.look.result.format = ", ".join(dict.fromkeys(kind.format.kind for kind in kinds)) or None
        self.look.result.column = ", ".join(dict.fromkeys(kind.column for kind in kinds if kind.column)) or None

    def _prepared(self, segments: list[Segment]) -> list[Part]:
        """The records of what becomes of one planned part, as Prepare Part writes them down."""
        rejects, rows, latest = Rejects(self._list), Rows(), latest_id(time.time())
        read = partial(id_lines, job_type=self.job_type, rows=rows, source=self.files)
        found: list[dict[str, Any]] = []
        lines = self._watched(normalized(self._told(segments), read, rejects))
        for prepared in prepare(lines, self.settings.part_bytes, Spool):
            found.append({"type": self.job_type, **prepared.said(latest), "rows_read": 0, "rows_expected": 0})
            prepared.store.close()
        found[0] |= {"reject_causes": dict(rejects.causes), "rows_read": rows.read, "rows_expected": rows.expected}
        if rows.column is not None:
            self._name_parquet(rows.column)
        return cast("list[Part]", found)

    def _told(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """The same; says how far the reading is."""
        for segment in segments:
            yield segment
            self.read(segment.end - segment.start)

    def _name_parquet(self, column: str) -> None:
        """Which column of Parquet is read is known only now."""
        kinds = {
            kind._replace(column=column, why=kind.why or columns.reason(column, self.job_type))
            if kind.format.kind == "parquet"
            else kind: number
            for kind, number in self.look.kinds.items()
        }
        self.look.kinds.clear()
        self.look.kinds.update(kinds)
        self._name_kinds()

    def _list(self, segment: Segment, line: Reject) -> None:
        if len(self.look.rejects) < MOST_REJECTS and line.reason != "header":
            self.look.rejects.append(
                Rejected(key=segment.key, range_start=segment.start, line=line.line, reason=line.reason, text=line.text)
            )

    def _watched(self, found: Iterable[Normalized]) -> Iterator[Normalized]:
        """The same; notes the first IDs on the way."""
        ids = self.look.result.first_ids
        for lines, tally in found:
            if len(ids) < MOST_IDS:
                more = (line.decode() for line in islice(lines.text.splitlines(), 1000))
                ids[:] = list(dict.fromkeys([*ids, *more]))[:MOST_IDS]
            yield lines, tally


def _kind(form: Format, head: bytes, job_type: JobType) -> Kind:
    if form.kind in ("csv", "tsv"):
        index = int(form.column or 1) - 1
        names = header_of(form, head)
        name = names[index].strip() if index < len(names) else str(index + 1)
        return Kind(form, name, columns.reason(name, job_type) if names else None)
    if form.kind in ("jsonl", "json"):
        field_ = _field(form, head, job_type)
        return Kind(form, field_, columns.reason(field_, job_type) if field_ else None)
    return Kind(form, None if form.column is None else str(form.column), None)


def _field(form: Format, head: bytes, job_type: JobType) -> str | None:
    """The field that most of the first objects of a JSON file have their IDs in."""
    text = beginning(head, form.packing).removeprefix(BOM)
    lines = first_elements(text) if form.kind == "json" else text.splitlines()
    reader = Objects(job_type, None if form.column is None else str(form.column))
    found = (fields_of(line) for line in islice(lines, _SAMPLE) if line.strip().startswith(b"{"))
    names = Counter(name for fields in found if fields and (name := reader.name_of_id(fields)))
    return names.most_common(1)[0][0] if names else None
