"""Runs as people read them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from compliance.errors import InputRejected
from compliance.report.advice import advice, then
from compliance.runs import DATASETS, raw_prefix
from xcompliance.records import PHASES, PartRecord, RunRecord
from xcompliance.rejected_lines import first_rejected, table_of
from xcompliance.stack import Stack
from xcompliance.text import count, dollars, duration, moment, size

_STYLES = {"complete": "green", "failed": "red"}


def plain_table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """A table without a frame; the columns named in ``numbers`` are set flush right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", overflow="fold", no_wrap=column != "file"
        )
    return table


def pairs() -> Table:
    """A table of names and values."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def listing(runs: Iterable[RunRecord]) -> Table:
    """One line per run."""
    numbers = ("IDs", "affected", "took")
    table = plain_table("run", "file", "status", "started (UTC)", *numbers, numbers=numbers)
    for run in runs:
        table.add_row(
            run.run_id,
            escape(run.dataset or run.key),
            status(run.status),
            moment(run.started_at),
            count(run.accepted),
            count(run.affected),
            duration(run.seconds()),
        )
    return table


def status(word: str) -> str:
    """A status in its colour."""
    style = _STYLES.get(word, "yellow")
    return f"[{style}]{word}[/]"


def figures(runs: Sequence[RunRecord]) -> Table:
    """Lines, findings and times, one column per run."""
    names = [escape(run.key) for run in runs]
    table = plain_table("", *names, numbers=names)

    def section(title: str, values: Sequence[dict[str, str]], order: Iterable[str]) -> None:
        if any(values):
            table.add_section()
            table.add_row(f"[bold]{title}[/]", *[""] * len(runs))
        for name in order:
            table.add_row(f"  {escape(name)}", *(each.get(name, "-") for each in values))

    lines = [_lines_of(run) for run in runs]
    section("lines read", lines, [kind for kind in _KINDS if any(kind in each for each in lines)])
    section("affected", [{"IDs": count(run.affected)} for run in runs], ("IDs",))
    for title, counts in (
        ("by action", [run.by_action for run in runs]),
        ("by reason", [run.by_reason for run in runs]),
    ):
        words = [word for word, _ in sum(map(Counter, counts), Counter[str]()).most_common()]
        section(title, [{word: count(number) for word, number in each.items()} for each in counts], words)
    index = [{name: count(number) for name in _INDEX if (number := getattr(run, name)) is not None} for run in runs]
    section("in the index", index, _INDEX if any(index) else ())
    spent = [{name: duration(seconds) for name, seconds in run.phases.items()} for run in runs]
    section("time", spent, [phase for phase in PHASES if any(phase in each for each in spent)])
    table.add_row("  in all", *(duration(run.seconds()) for run in runs))
    consumed = [
        {_CONSUMED[name]: f"{run.consumed[name]:,.6g}" for name in _CONSUMED if name in run.consumed} for run in runs
    ]
    section("consumed", consumed, [name for name in _CONSUMED.values() if any(name in each for each in consumed)])
    costs = [_costs(run) for run in runs]
    section("estimated cost", costs, {name: None for each in costs for name in each})
    return table


def _costs(run: RunRecord) -> dict[str, str]:
    """AWS and X apart; nothing for a run that has not been added up yet."""
    if run.cost_aws_usd is None or run.cost_x_usd is None:
        return {}
    costs = {"AWS": dollars(run.cost_aws_usd), "X": dollars(run.cost_x_usd)}
    if run.accepted:
        costs["AWS, per million IDs"] = dollars(run.cost_aws_usd / run.accepted * 1e6)
        costs["X, per million IDs"] = dollars(run.cost_x_usd / run.accepted * 1e6)
    return costs | {"prices of": run.prices_of or "-"}


_CONSUMED = {
    "transitions": "state transitions",
    "lambda_requests": "Lambda requests",
    "lambda_gb_seconds": "Lambda GB-seconds",
    "s3_puts": "S3 PUTs",
    "s3_gets": "S3 GETs",
    "dynamodb_requests": "DynamoDB requests",
    "dynamodb_read_units": "DynamoDB read units",
    "dynamodb_write_units": "DynamoDB write units",
    "athena_mb": "Athena MB scanned",
    "x_creates": "X jobs created",
    "x_gets": "X GETs",
}
"""What is shown of it; the rest is on the record, and in ``--json``."""


_INDEX = ("indexed", "unchanged", "outranked")
_KINDS = {
    "lines": "lines",
    "  embedded": "embedded",
    "accepted": "accepted",
    "duplicate": "duplicate",
    "  across parts": "duplicate_across_parts",
    "rejected": "rejected",
    "blank": "blank",
    "notice": "notice",
}
"""What becomes of lines, and its name in the record."""


def _lines_of(run: RunRecord) -> dict[str, str]:
    found = {kind: getattr(run, name) for kind, name in _KINDS.items()}
    return {kind: count(number) for kind, number in found.items() if number is not None}


def places(stack: Stack, run: RunRecord) -> str:
    """Where the answers lie, one place per line; an address is never broken."""
    bucket, day = stack["ResultsBucketName"], f"type={run.type}/checked_on={run.checked_on}"
    index = "turned off" if run.indexed is None else f"{stack['ResultsTableName']}, subject = {run.type}#<id>"
    found = {
        "Parquet": f"s3://{bucket}/results/{day}/{run.run_id}-*.parquet",
        "as X sent it": f"s3://{bucket}/{raw_prefix(run.run_id)}",
        "rejected lines": f"s3://{bucket}/rejects/{day}/{run.run_id}-*.ndjson" if run.rejected else "none",
        "Athena": f"{stack['GlueDatabaseName']}.results, workgroup {stack['AthenaWorkGroupName']}",
        "DynamoDB": index,
    }
    return "\n".join(f"[dim]{name:<14}[/]  {escape(place)}" for name, place in found.items())


def report_place(stack: Stack, run: RunRecord) -> str:
    """Where the page about the run is, or why there is none."""
    if run.report is None:
        return "none was written; the log of the function write_report says why"
    return f"s3://{stack['ResultsBucketName']}/{run.report}"


def parts(run: RunRecord) -> Table:
    """One line per part."""
    numbers = ("IDs", "uploaded", "affected")
    table = plain_table("part", "status", *numbers, "transport", "job", numbers=numbers)
    for part in run.part_records:
        uploaded = f"{size(part.uploaded_bytes)} of {size(part.bytes)}" if part.bytes else "-"
        table.add_row(
            str(part.part),
            _part_status(part),
            count(part.accepted),
            uploaded,
            count(part.affected),
            part.transport or "-",
            part.job_id or "-",
        )
    return table


def _part_status(part: PartRecord) -> str:
    unverified = f"  [yellow]{' and '.join(part.unverified)} unverified[/]" if part.unverified else ""
    return f"{status(part.status)}{unverified}"


def _source(run: RunRecord) -> str:
    place = f"s3://{escape(run.bucket)}/{escape(run.key)}"
    if run.version_id:
        return f"{place}  [dim]version {escape(run.version_id)}[/]"
    return f"{place}  [dim]dataset {escape(run.dataset or '')}[/]"


def _way_on(run: RunRecord) -> str:
    if run.error and then(run.error) == "drop again":
        return advice(run.error)
    return f"Once the cause is gone: xcompliance retry {run.run_id}"


def show(console: Console, stack: Stack, run: RunRecord) -> None:
    """All there is to say about a run."""
    sections: list[RenderableType] = [
        f"[bold]{run.run_id}[/]  {status(run.status)}  [dim]started {moment(run.started_at)} UTC[/]",
        _source(run),
    ]
    if run.error:
        sections.append(f"[red]{escape(run.error)}[/]  {escape(run.error_message or '')}")
    if run.error == InputRejected.__name__ and (lines := first_rejected(stack, run)):
        sections += ["", "The first rejected lines:", table_of(lines, with_files=run.key.startswith(DATASETS)), ""]
    sections += [f"[yellow]Warning[/]  {escape(warning)}" for warning in run.warnings]
    if run.status == "failed":
        sections.append(_way_on(run))
    sections += ["", figures([run])]
    if run.part_records:
        sections += ["", parts(run)]
    for part in run.part_records:
        if part.job_error:
            sections.append(f"X on the last failed job of part {part.part}: {escape(part.job_error)}")
    if run.status == "complete":
        sections += ["", places(stack, run)]
    if run.has_ended:
        sections += ["", f"[dim]{'report':<14}[/]  {escape(report_place(stack, run))}"]
    for section in sections:
        console.print(section, soft_wrap=isinstance(section, str))
