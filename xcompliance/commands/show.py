"""``xcompliance show``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from xcompliance.commands.options import Json, Prefix, Run
from xcompliance.commands.output import notes


def show(
    run: Run,
    *,
    open_report: Annotated[bool, typer.Option("--open", help="Open its report in the browser.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Save its report to this file.")
    ] = None,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Show a run: its figures, its parts, its times, and where the results are."""
    from xcompliance import target
    from xcompliance.commands.endings import show_run
    from xcompliance.report_file import open_in_browser, save_report
    from xcompliance.runs import get_run

    stack = target.stack_of(prefix)
    found = get_run(stack, run)
    show_run(stack, found, as_json=as_json)
    if open_report or output is not None:
        file = save_report(stack, found, output)
        notes().print(f"The report is in {escape(str(file))}")
        if open_report:
            open_in_browser(file)
