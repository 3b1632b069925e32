"""What is inspected, and by which settings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console

from compliance.runs import DATASETS, JobType
from xcompliance import target
from xcompliance.aws_errors import AwsError
from xcompliance.errors import CommandError
from xcompliance.input_settings import InputSettings
from xcompliance.inspection import Look, inspect
from xcompliance.progress import Display, Doing, display
from xcompliance.sources import Bucket, Disk
from xcompliance.stack import DEFAULT_PREFIX, Stack
from xcompliance.submit import check, files_of
from xcompliance.text import size

S3: Final = "s3://"

_EACH: Final = 32 << 20
"""Bytes after which progress is shown again; what is smaller is read at once."""


def look_at(
    source: str,
    job_type: JobType,
    column: str | None,
    prefix: str | None,
    console: Console,
    *,
    accept_rounded: bool = False,
) -> tuple[Look, InputSettings]:
    """Inspect a file, a folder, or an object in S3; return the settings that it was judged by, too.

    Only an object, and a ``prefix``, take AWS. Raises CommandError for what cannot be read.
    """
    stack = _stack(prefix)
    settings = InputSettings.of(stack.outputs, stack.name) if stack else InputSettings()
    settings = replace(settings, rounded_ids="warn") if accept_rounded else settings
    with display(console) as shown:
        if source.startswith(S3):
            bucket, _, key = source.removeprefix(S3).partition("/")
            if not bucket or not key or key.endswith("/"):
                raise CommandError(f"{source} names no object: write s3://bucket/key. A folder is inspected on a disk.")
            object_ = Bucket((stack or Stack.of_session(DEFAULT_PREFIX)).s3, bucket, key)
            return inspect(object_, job_type, column, settings, _progress(shown, object_.size)), settings
        return inspect_path(Path(source), job_type, column, settings, shown), settings


def inspect_path(
    path: Path,
    job_type: JobType,
    column: str | None,
    settings: InputSettings,
    shown: Display,
    *,
    name: str | None = None,
) -> Look:
    """Inspect a file, or a folder, as what it is submitted as; ``name`` is its name in the inbox."""
    whole, key = check(path), f"{job_type}/{name or path.resolve().name}"
    paths = {key: path}
    if path.is_dir():
        paths = {f"{DATASETS}{key}/{file.relative_to(path).as_posix()}": file for file in files_of(path)}
    return inspect(Disk(paths), job_type, column, settings, _progress(shown, whole))


def _stack(prefix: str | None) -> Stack | None:
    """The deployment whose settings are used, if one is asked for and can be read, or the sandbox that is up."""
    if prefix is None:
        return target.sandbox()
    try:
        return target.stack_of(prefix)
    except (CommandError, *AwsError):
        return None


def _progress(shown: Display, whole: int) -> Callable[[int], None]:
    """Shows how much was read of ``whole`` bytes, when it is told of more."""
    read = told = 0

    def tell(count: int) -> None:
        nonlocal read, told
        read += count
        if read - told >= _EACH:
            told = read
            shown.show("inspect", Doing("reading", f"{size(read)} of {size(whole)}", min(1.0, read / max(1, whole))))

    return tell
