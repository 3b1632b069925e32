"""What was checked: the file, and every line of it."""

import htpy as h
from htpy import Element, Node

from compliance.formats import Format
from compliance.report.content import MOST_SEGMENTS, Content
from compliance.report.elements import Column, code, data, facts, folded, section, stacked, swatch, table
from compliance.report.summary import NOUNS, source_name
from compliance.report.texts import count, counted, share, size
from compliance.runs import Run, folder_of

_KINDS = {
    "lines": "a list, one ID per line",
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON lines",
    "json": "a JSON array",
    "parquet": "Parquet",
}

_LINES = {
    "accepted": "IDs, each counted once in its part",
    "duplicate": "IDs that came before",
    "rejected": "no IDs, headers among them",
    "blank": "nothing on them",
    "notice": "notices of a stream, not posts",
}


def checked(content: Content) -> Element:
    """The file or the folder, and what became of its lines."""
    run, segments = content.run, content.segments
    is_folder = folder_of(run) is not None
    return section(
        "checked",
        "What was checked",
        facts(
            [
                ("Folder" if is_folder else "File", code(f"s3://{run['bucket']}/{source_name(run)}")),
                ("Version", code(run["version_id"]) if "version_id" in run and not is_folder else None),
                ("Type", f"{NOUNS[run['type']]}s ({run['type']})"),
                ("Read as", data(_read_as(segments[0].format)) if segments and not is_folder else None),
                ("Files", counted(run["files"], "file", "files") if is_folder and "files" in run else None),
                ("Size", size(run["bytes"]) if "bytes" in run else None),
            ]
        ),
        _lines(run),
        _files(run, content) if is_folder and segments else None,
    )


def _lines(run: Run) -> Node:
    if "lines" not in run:
        return h.p(".note")["The run ended before its lines were counted."]
    amounts = {
        "accepted": run["accepted"],
        "duplicate": run["duplicate"],
        "rejected": run["rejected"],
        "blank": run["blank"],
    }
    if run.get("notice"):
        amounts["notice"] = run["notice"]
    rows: list[tuple[Node, ...]] = [
        (
            [swatch(f"line-{name}"), " ", name.capitalize(), " ", h.small[what]],
            count(amounts[name]),
            share(amounts[name], run["lines"] + run.get("embedded", 0)),
        )
        for name, what in _LINES.items()
        if name in amounts
    ]
    rows.append(("Lines read", count(run["lines"]), ""))
    if run.get("embedded"):
        rows.append((f"{NOUNS[run['type']].capitalize()}s stored within them", count(run["embedded"]), ""))
    return [
        stacked((f"line-{name}", amount) for name, amount in amounts.items()),
        table("Every line that was read", _FIGURES, rows, "figures total"),
    ]


_FIGURES = (Column("Lines"), Column("Number", "number"), Column("Share", "number"))


def _files(run: Run, content: Content) -> Element:
    segments = content.segments
    is_all = len(segments) < MOST_SEGMENTS
    return folded(
        f"{'All' if is_all else f'The first {MOST_SEGMENTS}'} ranges of the files that were read",
        table(
            "Files, in the versions that were read",
            (Column("File", "code"), Column("Version", "code"), Column("Bytes", "number"), Column("Read as", "wide")),
            (
                (
                    code(each.key.removeprefix(source_name(run))),
                    code(each.version_id),
                    f"{count(each.start)} to {count(each.end)}",
                    data(_read_as(each.format)),
                )
                for each in segments
            ),
            "stack",
        ),
        not is_all and h.p(".note")[f"Athena’s table {content.places.database}.segments has them all."],
        is_open=len(segments) <= 10,
    )


def _read_as(source: Format) -> str:
    """How a file was read, in words."""
    words = [_KINDS[source.kind]]
    if source.column is not None:
        words.append(f"column {source.column}")
    if source.kind in ("csv", "tsv"):
        words.append("with a header" if source.has_header else "without a header")
    if source.packing != "none":
        words.append(f"packed with {source.packing}")
    return ", ".join(words)
