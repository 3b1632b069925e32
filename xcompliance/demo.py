"""The main job from end to end, in a sandbox of its own, with every figure held against the truth."""

import json
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from xcompliance import athena, figures, report
from xcompliance.demo_data import POSTS, USERS, write_dataset
from xcompliance.errors import OutcomeError
from xcompliance.figures import Figure
from xcompliance.lookup import READ, read_items
from xcompliance.progress import Steps, display
from xcompliance.records import RunRecord
from xcompliance.runs import segments_of
from xcompliance.sandbox.sandbox import Options, Sandbox, sandbox
from xcompliance.sandbox.simulator.settings import Generation, JobType
from xcompliance.signals import stoppable
from xcompliance.small_end import SMALL_FILE_IDS, time_small_file
from xcompliance.stack import Stack
from xcompliance.submit import submit
from xcompliance.text import count
from xcompliance.truth import Truth, read_truth
from xcompliance.watch import watch

UPLOAD_RATE = 2_000_000
"""Bytes per second that the simulator takes of generated files: slow enough to be seen."""
STALLED_AFTER_SECONDS = 300.0

SQL = """\
SELECT type, action, reason, count(*) AS ids
FROM results
WHERE run_id IN ({runs})
GROUP BY type, action, reason
ORDER BY type, ids DESC, reason"""


def run_demo(console: Console, file: Path | None, job_type: JobType, generation: Generation) -> None:
    """Checks 252,000 generated IDs, or those of a file; raises OutcomeError unless every figure is right."""
    with stoppable(), tempfile.TemporaryDirectory() as folder, Steps(console) as steps:
        if file is None:
            steps.say(f"Writing {count(POSTS)} post IDs and {count(USERS)} user IDs")
            inputs = _generated(Path(folder), generation)
            options = Options(generation=generation, upload_rate=UPLOAD_RATE, context={"chunk_size_mb": "1"})
        else:
            inputs = {file: Truth(job_type, parts=[])}
            options = Options(generation=generation, context={"deduplicate_across_parts": "true"})
        with sandbox(options, steps.say) as box:
            steps.close()
            console.print()
            stack = Stack.of_sandbox(box.as_json())
            runs = _check(console, stack, inputs)
            truths = [
                truth if truth.parts else _read(stack, path, truth.type, run, generation)
                for (path, truth), run in zip(inputs.items(), runs, strict=True)
            ]
            compared = [*report_answers(console, stack, runs, truths), *received(box, runs, truths)]
            _report_small_end(console, stack, Path(folder))
            conclude(console, compared, Path(box.ca_bundle).parent)
            steps.say("Taking the sandbox down")


def _generated(folder: Path, generation: Generation) -> dict[Path, Truth]:
    posts, users = folder / "posts.txt", folder / "users.txt"
    return {
        posts: write_dataset(posts, "tweets", POSTS, 1, generation),
        users: write_dataset(users, "users", USERS, 2, generation),
    }


def _read(stack: Stack, file: Path, job_type: JobType, run: RunRecord, generation: Generation) -> Truth:
    starts = [each.start for each in segments_of(stack, run)]
    is_each_id_once = run.duplicate_across_parts is not None
    return read_truth(file, job_type, starts, generation=generation, is_each_id_once=is_each_id_once)


def _check(console: Console, stack: Stack, inputs: dict[Path, Truth]) -> list[RunRecord]:
    """Drops the files into the inbox and follows their runs; raises OutcomeError when one fails."""
    with display(console) as shown:
        submissions = [submit(stack, file, truth.type) for file, truth in inputs.items()]
        runs = watch(stack, submissions, shown, pause=0.5, patience=STALLED_AFTER_SECONDS)
    for run in runs:
        if run.status == "failed":
            raise OutcomeError(f"{run.key}: {run.error}: {run.error_message}")
    return runs


def report_answers(
    console: Console, stack: Stack, runs: Sequence[RunRecord], truths: Sequence[Truth]
) -> Iterator[Figure]:
    """Shows the answers wherever they are, and yields the figures on the way."""
    _section(console, "What X says")
    console.print(report.figures(runs))
    for run, truth in zip(runs, truths, strict=True):
        yield from figures.of_run(run, truth)

    _section(console, "Where it is")
    console.print("\n\n".join(report.places(stack, run) for run in runs), soft_wrap=True)

    sql = SQL.format(runs=", ".join(f"'{run.run_id}'" for run in runs))
    _section(console, "What Athena says")
    console.print(f"[cyan]{escape(sql)}[/]\n", soft_wrap=True)
    answer = athena.query(stack, sql)
    table = report.plain_table(*(name or "" for name in answer.columns), numbers=("ids",))
    for row in answer.rows:
        table.add_row(*(escape(value or "") for value in row))
    console.print(table)
    yield from figures.of_table(truths, answer.rows)

    yield from _look_up(console, stack, truths)
    yield from figures.of_items(truths, _items(stack, truths))


SCANNED = 200_000
"""Items that are read all; of more, those that should be there, as the emulator takes ever longer to get on."""


def _items(stack: Stack, truths: Sequence[Truth]) -> Iterator[Mapping[str, Any]]:
    expected = [f"{truth.type}#{name}" for truth in truths for name in truth.items]
    if len(expected) <= SCANNED:
        pages = stack.results_table.meta.client.get_paginator("scan").paginate(TableName=stack.results_table.name)
        yield from (item for page in pages for item in page["Items"])
        return
    for start in range(0, len(expected), READ):
        yield from read_items(stack, set(expected[start : start + READ])).values()


def _look_up(console: Console, stack: Stack, truths: Sequence[Truth]) -> Iterator[Figure]:
    """What happened to one affected ID?"""
    for truth in truths:
        for name, record in list(truth.items.items())[:1]:
            subject = f"{truth.type}#{name}"
            item = stack.results_table.get_item(Key={"subject": subject}).get("Item", {})
            _section(console, f"What DynamoDB says of {subject}")
            table = report.pairs()
            for attribute in ("action", "reason", "created_at", "redacted_at", "since", "run_id"):
                table.add_row(attribute, escape(str(item.get(attribute, "-"))))
            console.print(table)
            yield Figure(f"DynamoDB: {subject}: action", record["action"], item.get("action"))
            yield Figure(f"DynamoDB: {subject}: reason", record["reason"], item.get("reason"))
            return


def _report_small_end(console: Console, stack: Stack, folder: Path) -> None:
    """By now the functions are warm, as they are where files come often."""
    _section(console, f"How long a file of {SMALL_FILE_IDS} IDs takes beside X's own time")
    with display(console) as shown:
        took = time_small_file(stack, folder, shown)
    table = report.pairs()
    table.add_row("from the drop to X's job", f"{took.to_job:.2f} s")
    table.add_row("from X's answer to the rows in Athena and DynamoDB", f"{took.to_rows:.2f} s")
    console.print(table)


def received(box: Sandbox, runs: Sequence[RunRecord], truths: Sequence[Truth]) -> Iterator[Figure]:
    """What the simulator of X has received."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{box.x_api_url}/_simulator/jobs") as answer:
        jobs: list[dict[str, Any]] = json.load(answer)
    yield Figure("X: jobs", sum(part.accepted > 0 for truth in truths for part in truth.parts), len(jobs))
    for run, truth in zip(runs, truths, strict=True):
        yield from figures.of_uploads(run, truth, jobs)


def conclude(console: Console, compared: Sequence[Figure], logs: Path) -> None:
    """Says how many figures agree with the truth; raises OutcomeError unless all do."""
    wrong = [figure for figure in compared if not figure.agrees]
    console.print()
    if not wrong:
        console.print(f"[bold green]All {len(compared)} figures agree with the truth.[/]")
        return
    table = report.plain_table("figure", "expected", "got")
    for figure in wrong:
        table.add_row(escape(figure.name), escape(str(figure.expected)), escape(str(figure.got)))
    console.print(table)
    raise OutcomeError(f"{len(wrong)} of {len(compared)} figures disagree. The sandbox's logs are kept in {logs}.")


def _section(console: Console, title: str) -> None:
    console.print(f"\n[bold]{escape(title)}[/]")
