"""The command: what the operator of a deployment types."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from compliance.runs import JobType
from xcompliance import query, report, results, sandbox_command
from xcompliance.cancel import cancel
from xcompliance.errors import CommandError, OutcomeError, explained
from xcompliance.lookup import caution, ids_of, look_up, table_of
from xcompliance.policy import Role, policy
from xcompliance.progress import Display, Doing, display
from xcompliance.records import RunRecord
from xcompliance.report_file import open_in_browser, save_report
from xcompliance.retry import retry
from xcompliance.running_sandbox import find_sandbox
from xcompliance.runs import get_run, latest_runs
from xcompliance.sandbox_command import Generation
from xcompliance.stack import DEFAULT_PREFIX, Stack
from xcompliance.submit import Submission, check, check_file, submit
from xcompliance.text import count, size
from xcompliance.watch import watch

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keeps stored X posts and users in line with X. Commands speak to the sandbox while one is up and to the AWS "
    "account of your credentials otherwise.",
    epilog="Exit status: 0 all well, 1 a run failed or is incomplete, or a figure disagrees, 2 the command could not "
    "do what was asked, 130 it was interrupted.",
)
app.add_typer(sandbox_command.app, name="sandbox")

Prefix = Annotated[
    str | None,
    typer.Option(envvar="XCOMPLIANCE_PREFIX", help=f"Of the stacks in an AWS account; {DEFAULT_PREFIX} by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
@explained()
def demo(
    file: Annotated[Path | None, typer.Option(help="A file of IDs of your own, one per line.")] = None,
    job_type: Annotated[JobType, typer.Option("--type", help="What the IDs of --file are.")] = "tweets",
    generation: Annotated[Generation, typer.Option(help="Who takes the bytes: Google's storage, or X itself.")] = "gcs",
) -> None:
    """Check 252,000 IDs, or a file of yours, in a sandbox of its own, and every figure of the answer."""
    from xcompliance.demo import run_demo  # noqa: PLC0415 -- takes a second
    from xcompliance.truth import check_list  # noqa: PLC0415

    if file is not None:
        check_file(file)
        check_list(file)
    run_demo(_console(), file, job_type, generation)


@app.command("submit")
@explained()
def submit_command(
    path: Annotated[Path, typer.Argument(help="A file of post or user IDs, or a folder, which becomes one run.")],
    *,
    job_type: Annotated[JobType, typer.Option("--type", help="What the IDs are.")],
    name: Annotated[str | None, typer.Option(metavar="KEYNAME", help="Its name in the inbox; its own.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end.")] = False,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Put a file of IDs, or a folder of files, into the inbox, which starts a run."""
    length = check(path)
    stack = _stack(prefix)
    with display(Console(stderr=True, highlight=False)) as shown:
        submission = submit(stack, path, job_type, name, _Sent(shown, length))
        run = watch(stack, [submission], shown)[0] if wait else None
    if run is not None:
        _end(stack, run, as_json)
    elif as_json:
        _print_json(asdict(submission))
    else:
        _console().print(f"The run is {submission.run_id}. Look at it with: xcompliance show {submission.run_id}")


@app.command("watch")
@explained()
def watch_command(
    run: Annotated[str, typer.Argument(help="A run's ID, as `xcompliance runs` lists it.")],
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Follow a run to its end; Ctrl-C stops the watching, and not the run."""
    stack = _stack(prefix)
    found = get_run(stack, run)
    submission = Submission(found.run_id, found.bucket, found.key, found.version_id)
    with display(Console(stderr=True, highlight=False)) as shown:
        (ended,) = watch(stack, [submission], shown)
    _end(stack, ended, as_json)


@app.command("cancel")
@explained()
def cancel_command(
    run: Annotated[str, typer.Argument(help="A run's ID, as `xcompliance runs` lists it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    prefix: Prefix = None,
) -> None:
    """Stop a run that goes on; its job at X is cancelled, and the next in the queue takes its turn."""
    stack = _stack(prefix)
    cancel(stack, get_run(stack, run), confirmed=yes)
    _console().print(
        "The run is being stopped: its job at X is cancelled, and the next in the queue takes its turn.\n"
        f"Follow it to its end with: xcompliance watch {run}\nGo on with it later with: xcompliance retry {run}",
        soft_wrap=True,
    )


@app.command()
@explained()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """List the last runs, the newest first."""
    found = latest_runs(_stack(prefix), limit)
    if as_json:
        _print_json([_summary(run) for run in found])
    elif found:
        _console().print(report.listing(found))
    else:
        _console().print("There are no runs yet. Start one with: xcompliance submit FILE --type tweets")


@app.command()
@explained()
def show(
    run: Annotated[str, typer.Argument(help="A run's ID, as `xcompliance runs` lists it.")],
    *,
    open_report: Annotated[bool, typer.Option("--open", help="Open its report in the browser.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Save its report to this file.")
    ] = None,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Show a run: its figures, its parts, its times, and where the results are."""
    stack = _stack(prefix)
    found = get_run(stack, run)
    _show(stack, found, as_json)
    if open_report or output is not None:
        file = save_report(stack, found, output)
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"The report is in {escape(str(file))}")
        if open_report:
            open_in_browser(file)


@app.command("retry")
@explained()
def retry_command(
    run: Annotated[str, typer.Argument(help="A failed run's ID, as `xcompliance runs` lists it.")],
    prefix: Prefix = None,
) -> None:
    """Start a failed run again: parts that are checked are not checked again."""
    stack = _stack(prefix)
    retry(stack, get_run(stack, run))
    _console().print(f"The run begins again. Look at it with: xcompliance show {run}")


@app.command("policy")
@explained()
def policy_command(
    role: Annotated[Role, typer.Argument(help="Who is to be allowed what they do.")],
    prefix: Prefix = None,
) -> None:
    """Print the policy of IAM that those need who use the deployment, or run it."""
    _print_json(policy(_stack(prefix), role))


@app.command("results")
@explained()
def results_command(
    run: Annotated[str, typer.Argument(help="A run's ID, as `xcompliance runs` lists it.")],
    *,
    form: Annotated[results.Format, typer.Option("--format", help="Of the records.")] = "table",
    action: Annotated[str | None, typer.Option(help="Nothing but delete, rehydrate or scrub_geo.")] = None,
    reason: Annotated[str | None, typer.Option(help="Nothing but this reason, in X's words.")] = None,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Where they go; to the screen.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take what is there of an incomplete run.")] = False,
    prefix: Prefix = None,
) -> None:
    """Fetch what X said in a run, record by record, from its files."""
    if form == "parquet" and file is None:
        raise CommandError("Parquet is no text: name a file for it with -o FILE.")
    notes = Console(stderr=True, highlight=False, soft_wrap=True)
    stack = _stack(prefix)
    found = get_run(stack, run)
    wanted = results.Wanted(action, reason)
    for note in results.write(stack, found, wanted, form, file, partial=partial):
        notes.print(note, markup=False)


@app.command()
@explained()
def lookup(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Post or user IDs; - reads them from stdin.")],
    *,
    job_type: Annotated[JobType, typer.Option("--type", help="What the IDs are.")],
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Look up what was found about single IDs, in the index in DynamoDB."""
    wanted = ids_of(ids, sys.stdin)
    stack = _stack(prefix)
    found = list(look_up(stack, job_type, wanted))
    if as_json:
        _print_json([asdict(finding) for finding in found])
    else:
        _console().print(table_of(found))
    if (warning := caution(stack, found)) is not None:
        Console(stderr=True, highlight=False, soft_wrap=True).print(warning, markup=False)


@app.command("query")
@explained()
def query_command(
    question: Annotated[
        str, typer.Argument(metavar="NAME|SQL", help="A view, table or saved query, or SQL of Athena's.")
    ],
    *,
    form: Annotated[query.Format, typer.Option("--format", help="Of the answer.")] = "table",
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Where the answer goes; to the screen.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Rows of a view or table at most; {query.ROWS_ON_A_SCREEN} in a --format table, else all."
        ),
    ] = None,
    job_type: Annotated[JobType | None, typer.Option("--type", help="Read nothing but tweets or users.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Read nothing of runs that began before that day.")
    ] = None,
    prefix: Prefix = None,
) -> None:
    """Ask Athena: what must be deleted, what has changed, what was checked? docs/sql.md has the names."""
    narrowing = query.narrowing_of(job_type, since)
    first = query.ROWS_ON_A_SCREEN if limit is None and form == "table" else None
    answer = query.ask(_stack(prefix), question, limit or first, narrowing)
    found = query.write(answer, form, file)
    notes = Console(stderr=True, highlight=False, soft_wrap=True)
    if file is not None:
        notes.print(f"{count(found)} rows are in {escape(str(file))}.")
    if found == first:
        notes.print("There may be more: --limit says how many, --format csv or jsonl has all.")


class _Sent:
    """Shows how much of a file has reached the inbox."""

    def __init__(self, shown: Display, length: int) -> None:
        self._shown, self._length, self._sent = shown, length, 0

    def __call__(self, count: int) -> None:
        self._sent += count
        doing = Doing("sending", f"{size(self._sent)} of {size(self._length)}", self._sent / self._length)
        self._shown.show("inbox", doing)


def _stack(prefix: str | None) -> Stack:
    """The prefix that was asked for; else the sandbox that is up; else the default prefix."""
    handle = find_sandbox() if prefix is None else None
    return Stack.of_account(prefix or DEFAULT_PREFIX) if handle is None else Stack.of_sandbox(handle)


def _show(stack: Stack, run: RunRecord, as_json: bool) -> None:
    if as_json:
        _print_json(run.as_json())
    else:
        report.show(_console(), stack, run)


def _end(stack: Stack, run: RunRecord, as_json: bool) -> None:
    """Shows a run that has ended; raises OutcomeError when that was not well."""
    _show(stack, get_run(stack, run.run_id), as_json)
    if run.status == "failed":
        raise OutcomeError(f"The run has failed: {run.error_message or run.error}")


def _summary(run: RunRecord) -> dict[str, Any]:
    return {name: value for name, value in run.as_json().items() if name != "part_records"}


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _console() -> Console:
    """Stdout; in a pipe or a file lines are as long as they are."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console


def main() -> None:
    """The entry point."""
    app()
