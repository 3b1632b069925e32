"""``python -m benchmarks.scale``: a large file from end to end on the sandbox, each figure held against the truth."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

from benchmarks.function_memory import FunctionMemory, watched_functions
from benchmarks.large_file import truth_of, write_large_file
from benchmarks.machine import load, machine
from xcompliance.demo import conclude, received, report_answers
from xcompliance.errors import OutcomeError
from xcompliance.figures import Figure
from xcompliance.progress import Steps, display
from xcompliance.report import plain_table
from xcompliance.runs import segments_of
from xcompliance.sandbox.sandbox import Options, Sandbox, sandbox
from xcompliance.signals import stoppable
from xcompliance.stack import Stack
from xcompliance.submit import submit
from xcompliance.text import count, size
from xcompliance.watch import watch

STALLED_AFTER_SECONDS = 1800.0


def main() -> None:
    """Runs, and exits with 1 when a figure is wrong."""
    arguments = _arguments()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    try:
        with stoppable(), Steps(console) as steps:
            run_scale(console, steps, arguments.ids, arguments.part_size_mb)
    except OutcomeError as error:
        sys.exit(str(error))


def run_scale(console: Console, steps: Steps, ids: int, part_size_mb: int) -> None:
    """Checks so many IDs in parts of at most so many MB; raises OutcomeError unless every figure is right."""
    options = Options(
        job_seconds=1.0,
        simulator_options=("--no-md5",),
        # More than there are CPUs would wait for the one process that is the emulator.
        context={"part_size_mb": str(part_size_mb), "first_poll_seconds": "10", "prepare_concurrency": "2"},
    )
    with tempfile.TemporaryDirectory() as folder, sandbox(options, steps.say) as box:
        file = Path(folder) / "large.txt"
        steps.say(f"Writing {count(ids)} post IDs")
        write_large_file(file, ids, seed=1)
        load_before = load()
        stack = Stack.of_sandbox(box.as_json())
        steps.say(f"Dropping {size(file.stat().st_size)} into the inbox")
        with watched_functions() as memory:
            submission = submit(stack, file, "tweets")
            steps.close()
            with display(console) as shown:
                runs = watch(stack, [submission], shown, pause=1.0, patience=STALLED_AFTER_SECONDS)
        if runs[0].status == "failed":
            raise OutcomeError(f"{runs[0].error}: {runs[0].error_message}")
        steps.say("Working the truth out")
        truths = [truth_of(file, [segment.start for segment in segments_of(stack, runs[0])])]
        steps.close()
        compared = [*report_answers(console, stack, runs, truths), *received(box, runs, truths)]
        console.print("\n[bold]What the functions took[/]")
        compared += _report_memory(console, memory, _limits(box))
        console.print(f"\n{machine()}. Load average before and after: {load_before}, {load()}.")
        conclude(console, compared, Path(box.ca_bundle).parent)


def _report_memory(console: Console, memory: FunctionMemory, limits: Mapping[str, int]) -> Iterator[Figure]:
    """No function may take more than it has on AWS, where that would be its end."""
    table = plain_table("function", "peak RSS", "of", numbers=("peak RSS", "of"))
    for name, peak in sorted(memory.peaks.items(), key=lambda each: -each[1]):
        table.add_row(name, size(peak), size(limits[name]))
        yield Figure(f"{name}: within its memory", True, peak <= limits[name])
    console.print(table)


def _limits(box: Sandbox) -> dict[str, int]:
    """The memory of each function, in bytes."""
    functions = box.session.client("lambda", endpoint_url=box.aws_endpoint_url, verify=box.ca_bundle)
    pages = functions.get_paginator("list_functions").paginate()
    return {each["FunctionName"]: each["MemorySize"] << 20 for page in pages for each in page["Functions"]}


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.scale", description="Checks one large file on the sandbox.")
    parser.add_argument("--ids", type=int, default=100_000_000, help="different IDs in the file (100,000,000)")
    parser.add_argument("--part-size-mb", type=int, default=128, help="the most that one upload carries (128)")
    arguments = parser.parse_args()
    if arguments.ids < 1:
        parser.error("--ids must be at least 1")
    return arguments


if __name__ == "__main__":
    main()
