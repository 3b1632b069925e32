"""Inspections as people read them."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from xcompliance.input_settings import InputSettings
from xcompliance.inspection import Kind, Look
from xcompliance.rejected_lines import table_of
from xcompliance.report import pairs
from xcompliance.text import count, dollars

_FORMATS = {
    "lines": "list, one ID per line",
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON, one object per line",
    "json": "JSON array",
    "parquet": "Parquet",
}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST_KINDS = 5


def show(console: Console, name: str, look: Look, settings: InputSettings) -> None:
    """Print all there is to say about an inspection; the longest words of it are those of a refusal."""
    result = look.result
    style = "green" if result.outcome == "accepted" else "red"
    console.print(f"[bold]{escape(name)}[/]  [{style}]{result.outcome}[/]", soft_wrap=True)
    if result.error:
        console.print(f"[red]{result.error}[/]  {escape(result.message or '')}")
    for warning in result.warnings:
        console.print(f"[yellow]Warning[/]  {escape(warning)}")
    table = pairs()
    for label, value in _rows(look, settings):
        table.add_row(label, escape(value))
    console.print()
    console.print(table)
    if look.rejects:
        console.print()
        show_rejects(console, look)


def show_rejects(console: Console, look: Look) -> None:
    """Print the first rejected lines, if there are any."""
    if look.rejects:
        console.print("The first rejected lines:")
        console.print(table_of(look.rejects, with_files=sum(look.kinds.values()) > 1))


def _rows(look: Look, settings: InputSettings) -> Iterator[tuple[str, str]]:
    result = look.result
    for kind, files in list(look.kinds.items())[:_MOST_KINDS]:
        yield "format", _format(kind) + (f", {count(files)} files" if sum(look.kinds.values()) > 1 else "")
        if kind.column:
            yield "column" if kind.format.kind in ("csv", "tsv", "parquet") else "field", _column(kind)
    if len(look.kinds) > _MOST_KINDS:
        yield "", f"and {count(len(look.kinds) - _MOST_KINDS)} more ways"
    if result.first_ids:
        yield "first IDs", ", ".join(result.first_ids)
    if look.lines:
        yield "lines", count(look.lines)
        for name in ("accepted", "embedded", "duplicate", "rejected", "blank"):
            if number := getattr(result, name):
                yield f"  {name}", count(number)
        if look.notice:
            yield "  notice", f"{count(look.notice)} (what a recorded stream says besides posts)"
    if result.outcome == "accepted":
        yield "parts", f"{count(result.parts)}, each up to {settings.part_size_mb} MB and one of X’s jobs"
        yield "estimated cost", f"X {dollars(result.cost_x_usd)}, AWS {dollars(result.cost_aws_usd)} for a first check"
    yield "judged by", f"{settings.named}: up to {settings.reject_limit_percent:g}% rejected lines"


def _format(kind: Kind) -> str:
    form = kind.format
    separated = f", separated by {_SEPARATORS.get(form.delimiter, form.delimiter)}" if form.delimiter else ""
    packed = f", packed with {form.packing}" if form.packing != "none" else ""
    return f"{_FORMATS[form.kind]}{separated}{packed}"


def _column(kind: Kind) -> str:
    place = f" (number {kind.format.column} of {kind.format.width})" if kind.format.width > 1 else ""
    return f"{kind.column}{place}: {kind.why}" if kind.why else f"{kind.column}{place}"
