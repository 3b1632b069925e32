"""A run's report as a file of one's own, and the browser to look at it with."""

import tempfile
import webbrowser
from contextlib import closing
from pathlib import Path

from botocore.exceptions import ClientError

from xcompliance.errors import CommandError
from xcompliance.records import RunRecord
from xcompliance.stack import Stack


def save_report(stack: Stack, run: RunRecord, file: Path | None) -> Path:
    """Saves a run's report to ``file``, or where nobody else can read it; returns where it is.

    A file rather than a signed link: a link would let anybody who sees it read the report. Raises CommandError when
    there is no report, or no place for it.
    """
    if run.report is None:
        raise CommandError(_none(run))
    try:
        with closing(stack.s3.get_object(Bucket=stack["ResultsBucketName"], Key=run.report)["Body"]) as body:
            page = body.read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise CommandError(f"The report of the run {run.run_id} is gone from the results bucket.") from None
    file = file or Path(tempfile.mkdtemp(prefix="xcompliance-")) / f"{run.run_id}.html"
    try:
        file.write_bytes(page)
    except OSError as error:
        raise CommandError(f"The report cannot be saved to {file}: {error.strerror}.") from None
    return file


def open_in_browser(file: Path) -> None:
    """Opens a file in the browser; raises CommandError when there is none."""
    if not webbrowser.open(file.resolve().as_uri()):
        raise CommandError(f"There is no browser to open the report with. It is in {file}")


def _none(run: RunRecord) -> str:
    if not run.has_ended:
        return f"The run {run.run_id} has not ended yet: its report is written at its end."
    return f"The run {run.run_id} has no report: none could be written. The log of the function write_report says why."
