"""A mistake of ours, as the world hears of it: its kind and its place, and nothing that it might quote."""

import traceback
from pathlib import Path
from typing import Final

from compliance.errors import StepFailed

CRASHED: Final = "The function crashed"
_FUNCTIONS: Final = Path(__file__).parents[1]
_PACKAGES: Final = ("adapters", "compliance")


def crash(error: Exception) -> StepFailed:
    """What a function fails with that was ended by an exception of no name of ours.

    It says the exception's class, and the line of ours that it came from or through.
    """
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [f"{file.relative_to(_FUNCTIONS)}:{line}" for file, line in lines if _is_ours(file)]
    return StepFailed(f"{CRASHED} with {type(error).__name__} at {ours[-1]}.")


def _is_ours(file: Path) -> bool:
    """Whether it is none of the dependencies, which are beside it on Lambda."""
    return file.is_relative_to(_FUNCTIONS) and file.relative_to(_FUNCTIONS).parts[0] in (file.name, *_PACKAGES)
