"""The main job from end to end, on the sandbox, with every figure held against the truth."""

import json
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from compliance.runs import JobType, Run, part_key
from xcompliance import athena, tables
from xcompliance.demo_data import write_demo_file
from xcompliance.place import Place
from xcompliance.progress import watch
from xcompliance.runs import RunWithParts
from xcompliance.sandbox.sandbox import Options, Sandbox, sandbox
from xcompliance.sandbox.simulator.settings import Generation
from xcompliance.submit import submit
from xcompliance.truth import Truth, truth_of

TWEETS, USERS = 250_000, 2_000
UPLOAD_RATE = 2_000_000
"""Bytes per second that the simulator takes: slow enough to watch."""

SQL = """SELECT type, action, reason, count(*) AS ids
FROM results
WHERE run_id IN ({runs})
GROUP BY type, action, reason
ORDER BY type, ids DESC, reason"""


@dataclass(frozen=True)
class Figure:
    """One thing that was reported, and what it must be."""

    name: str
    reported: Any
    true: Any


def demo(file: Path | None, job_type: JobType, generation: Generation, console: Console) -> bool:
    """Runs the demo; True when every figure is right. Raises Failure and SandboxError."""
    with tempfile.TemporaryDirectory() as folder:
        files = [(file, job_type)] if file else list(_demo_files(Path(folder)))
        options = Options(generation=generation, upload_rate=UPLOAD_RATE, context={"chunk_size_mb": "1"})
        with sandbox(options, lambda text: console.print(f"[dim]{text} ...[/dim]")) as box:
            place = Place.of_sandbox(box)
            console.print("\n[bold]Dropping into the inbox[/bold]")
            run_ids = []
            for path, its_type in files:
                console.print(f"  {path.name}  ({path.stat().st_size:,} bytes)  ->  s3://{place.inbox}/{its_type}/")
                run_ids.append(submit(place, path, its_type, path.name, lambda _: None))
            console.print("\n[bold]Checking with X[/bold]")
            found = watch(place, run_ids, console)
            truths = [truth_of(path, its_type) for path, its_type in files]
            figures = [*_show(place, found, truths, console), *_received(box, found)]
            return _verdict(figures, console)


def _demo_files(folder: Path) -> Iterator[tuple[Path, JobType]]:
    tweets, users = folder / "posts.txt", folder / "accounts.txt"
    write_demo_file(tweets, TWEETS, seed=1)
    write_demo_file(users, USERS, seed=2)
    yield tweets, "tweets"
    yield users, "users"


def _show(place: Place, found: Sequence[RunWithParts], truths: Sequence[Truth], console: Console) -> Iterator[Figure]:
    """Shows the answer in all the places where it is, and yields every figure on the way."""
    runs = [each.run for each in found]
    console.print("\n[bold]The answer[/bold]")
    console.print(tables.counts_table(runs), "", tables.findings_table(runs))
    for run, truth in zip(runs, truths, strict=True):
        yield from _run_figures(run, truth)
    console.print("\n[bold]Where it is[/bold]")
    for run in runs:
        if "error" in run:
            console.print(f"  {run['run_id']}: [red]{run['error']}[/red] {run.get('error_message')}")
        where = f"s3://{place.outputs['ResultsBucketName']}/results/type={run['type']}/checked_on={run['checked_on']}/"
        console.print(f"  {where}", soft_wrap=True, highlight=False)
    console.print(f"  Athena: {place.outputs['GlueDatabaseName']}.results", highlight=False)
    console.print(f"  DynamoDB: {place.outputs['ResultsTableName']}", highlight=False)
    yield from _athena_figures(place, runs, truths, console)
    yield from _dynamodb_figures(place, runs, truths, console)
    console.print("\n[bold]How long it took[/bold]")
    console.print(tables.phases_table(found))


def _run_figures(run: Run, truth: Truth) -> Iterator[Figure]:
    name = run["run_id"]
    yield Figure(f"{name} status", run["status"], "complete")
    yield Figure(f"{name} lines", run.get("lines"), truth.lines)
    yield Figure(f"{name} blank", run.get("blank"), truth.blank)
    yield Figure(f"{name} accepted", run.get("accepted"), truth.accepted)
    yield Figure(f"{name} duplicate", run.get("duplicate"), truth.duplicate)
    yield Figure(f"{name} rejected", run.get("rejected"), truth.rejected)
    yield Figure(f"{name} affected", run.get("affected"), len(truth.affected))
    yield Figure(f"{name} by action", run.get("by_action"), dict(truth.by_action))
    yield Figure(f"{name} by reason", run.get("by_reason"), dict(truth.by_reason))


def _athena_figures(place: Place, runs: Sequence[Run], truths: Sequence[Truth], console: Console) -> Iterator[Figure]:
    sql = SQL.format(runs=", ".join(f"'{run['run_id']}'" for run in runs))
    console.print("\n[bold]Asked of Athena[/bold]")
    console.print(sql, style="cyan", highlight=False, soft_wrap=True)
    rows = athena.query(place, sql)
    console.print(tables.rows_table(rows))
    counted = {(row[0], row[2]): int(row[3] or 0) for row in rows[1:]}
    true = {
        (run["type"], reason): count
        for run, truth in zip(runs, truths, strict=True)
        for reason, count in truth.by_reason.items()
    }
    yield Figure("Athena's counts", counted, true)


def _dynamodb_figures(place: Place, runs: Sequence[Run], truths: Sequence[Truth], console: Console) -> Iterator[Figure]:
    console.print("\n[bold]Looked up in DynamoDB[/bold]")
    for run, truth in zip(runs, truths, strict=True):
        if not truth.affected:
            continue
        subject, record = next(iter(truth.affected.items()))
        key = {"subject": f"{run['type']}#{subject}"}
        item = place.results_table.get_item(Key=key).get("Item", {})
        console.print(f"  {key['subject']}: {item.get('action')}, {item.get('reason')}", highlight=False)
        for name in ("action", "reason"):
            yield Figure(f"{run['run_id']} item's {name}", item.get(name), record[name])
    pages = place.results_table.meta.client.get_paginator("scan").paginate(
        TableName=place.results_table.name, Select="COUNT"
    )
    items = sum(page["Count"] for page in pages)
    yield Figure("DynamoDB's items", items, sum(len(truth.affected) for truth in truths))


def _received(box: Sandbox, found: Sequence[RunWithParts]) -> Iterator[Figure]:
    """What the simulator has received: each part once, byte for byte."""
    with urllib.request.urlopen(f"{box.x_api_url}/_simulator/jobs") as answer:  # noqa: S310 -- the sandbox's own
        jobs = {job["id"]: job for job in json.load(answer)}
    for part in (part for each in found for part in each.parts):
        job = jobs.get(part.get("job_id", ""), {})
        name = part_key(part["run_id"], part["part"])
        yield Figure(f"{name} uploads", job.get("completed_uploads"), 1)
        yield Figure(f"{name} bytes", job.get("uploaded_bytes"), part.get("bytes"))
        yield Figure(f"{name} CRC32C", job.get("uploaded_crc32c"), part.get("crc32c"))


def _verdict(figures: Sequence[Figure], console: Console) -> bool:
    wrong = [figure for figure in figures if figure.reported != figure.true]
    console.print()
    for figure in wrong:
        console.print(f"[red]{figure.name}: reported {figure.reported}, the truth is {figure.true}[/red]")
    if wrong:
        console.print(f"[bold red]{len(wrong)} of {len(figures)} figures are wrong.[/bold red]")
    else:
        console.print(f"[bold green]All {len(figures)} figures agree with the truth.[/bold green]", highlight=False)
    return not wrong
