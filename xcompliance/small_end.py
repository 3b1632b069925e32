"""How long a small file takes where nobody waits for X: what a deployment adds to X's own time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xcompliance.demo_data import write_dataset
from xcompliance.errors import OutcomeError
from xcompliance.progress import Display
from xcompliance.stack import Stack
from xcompliance.submit import submit
from xcompliance.watch import watch

SMALL_FILE_IDS = 300


@dataclass(frozen=True)
class SmallEnd:
    """Seconds from the drop to the job's creation at X, and from X's "complete" to the rows in Athena and DynamoDB."""

    to_job: float
    to_rows: float


def time_small_file(stack: Stack, folder: Path, shown: Display) -> SmallEnd:
    """Checks a file of 300 post IDs; raises OutcomeError when its run fails."""
    file = folder / "small.txt"
    write_dataset(file, "tweets", SMALL_FILE_IDS, seed=3)
    dropped_at = datetime.now(UTC)
    (run,) = watch(stack, [submit(stack, file, "tweets")], shown, pause=0.5)
    (part,) = run.part_records
    if not (part.created_at and part.completed_at and part.indexed_at):
        raise OutcomeError(f"{run.key}: {run.error}: {run.error_message}")
    return SmallEnd(
        (part.created_at - dropped_at).total_seconds(), (part.indexed_at - part.completed_at).total_seconds()
    )
