"""``xcompliance sandbox``: the whole deployment on this machine."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from xcompliance.errors import CommandError, explained
from xcompliance.progress import Steps
from xcompliance.running_sandbox import FOLDER, announce, find_sandbox, stop_sandbox, the_only_one
from xcompliance.sandbox.processes import LOG_TAIL, SandboxError
from xcompliance.signals import stoppable

app = typer.Typer(no_args_is_help=True, help="AWS, X and Google Cloud Storage on this machine, with both stacks.")
Generation = Literal["gcs", "x-hosted"]
"""The simulator's own, without the second that it takes to import it."""

progress = Console(stderr=True, highlight=False)


@app.command()
@explained()
def up(
    *,
    generation: Annotated[Generation, typer.Option(help="Who takes the bytes: Google's storage, or X itself.")] = "gcs",
    events: Annotated[
        Path | None, typer.Option(help="NDJSON of result records to answer with, instead of the simulator's rule.")
    ] = None,
    x_api_url: Annotated[
        str | None, typer.Option(help="A server on loopback that plays X in the simulator's place.")
    ] = None,
    job_seconds: Annotated[float, typer.Option(min=0, help="How long X works on a job, in seconds.")] = 3.0,
    wait_scale: Annotated[float, typer.Option(min=0, help="How much of each wait is really waited.")] = 0.1,
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", metavar="KEY=VALUE", help="CDK context; repeatable.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running in the background.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print endpoint, credentials and outputs as JSON.")] = False,
) -> None:
    """Start the sandbox and keep it up until Ctrl-C or `xcompliance sandbox down`."""
    if events is not None and not events.is_file():
        raise CommandError(f"There is no events file {events}.")
    if detach:
        _print(_detached(sys.argv[1:]), as_json)
        return
    from xcompliance.sandbox.sandbox import Options, sandbox  # noqa: PLC0415 -- takes a second

    options = Options(
        generation=generation,
        events=events,
        x_api_url=x_api_url,
        job_seconds=job_seconds,
        wait_scale=wait_scale,
        context=dict(_pair(text) for text in context or []),
    )
    with (
        suppress(KeyboardInterrupt),
        stoppable(),
        the_only_one(),
        Steps(progress) as steps,
        sandbox(options, steps.say) as box,
    ):
        announce(box.as_json())
        steps.close()
        _print(box.as_json(), as_json)
        progress.print("The sandbox is up. Ctrl-C or `xcompliance sandbox down` stops it.")
        with suppress(KeyboardInterrupt):
            signal.pause()


@app.command()
@explained()
def down() -> None:
    """Stop the sandbox that is up, with everything in it."""
    stop_sandbox()
    progress.print("The sandbox is down.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--context takes key=value, not {text}.")
    return name, value


def _print(handle: dict[str, str], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(handle) + "\n")
        sys.stdout.flush()
        return
    width = max(map(len, handle))
    for name, value in handle.items():
        sys.stdout.write(f"{name:<{width}}  {value}\n")
    sys.stdout.flush()


def _detached(arguments: list[str]) -> dict[str, str]:
    """Starts this command again in the background, without ``--detach``, and waits until its sandbox is ready."""
    if find_sandbox() is not None:
        raise CommandError("A sandbox is up already. Stop it with: xcompliance sandbox down")
    FOLDER.mkdir(exist_ok=True)
    log = FOLDER / "sandbox.log"
    command = [sys.executable, "-m", "xcompliance", *(each for each in arguments if each != "--detach")]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- this command itself
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    with progress.status("Starting the sandbox ...", spinner="line"):
        while (handle := find_sandbox()) is None:
            if process.poll() is not None:
                raise SandboxError(f"The sandbox did not start. {log} ends with:\n{log.read_text()[-LOG_TAIL:]}")
            time.sleep(0.2)
    return handle
