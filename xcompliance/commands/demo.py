"""``xcompliance demo``."""

from pathlib import Path
from typing import Annotated

import typer

from compliance.runs import JobType
from xcompliance.commands.output import answer
from xcompliance.sandbox_command import Generation


def demo(
    file: Annotated[Path | None, typer.Option(help="A file of IDs of your own, one per line.")] = None,
    job_type: Annotated[JobType, typer.Option("--type", help="What the IDs of --file are.")] = "tweets",
    generation: Annotated[Generation, typer.Option(help="Who takes the bytes: Google's storage, or X itself.")] = "gcs",
) -> None:
    """Check 252,000 IDs, or a file of yours, in a sandbox of its own, and every figure of the answer."""
    from xcompliance.demo import run_demo
    from xcompliance.submit import check_file
    from xcompliance.truth import check_list

    if file is not None:
        check_file(file)
        check_list(file)
    run_demo(answer(), file, job_type, generation)
