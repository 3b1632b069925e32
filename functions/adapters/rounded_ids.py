"""Judge whether a run's IDs were rounded, and whether their owner accepts them."""

from collections.abc import Iterable

from adapters import inbox_object
from adapters.object_word import word_of
from adapters.settings import settings
from compliance.errors import RoundedIds
from compliance.rounding import rounded
from compliance.runs import Part, Run

NAME = "rounded-ids"
"""Of the metadata (``x-amz-meta-rounded-ids``) and of the tag of the object that started the run."""


def judge(run: Run, parts: Iterable[Part]) -> tuple[list[str], RoundedIds | None]:
    """Return warnings, and an error if the run is not to go on.

    Parts that were prepared before endings were counted are not judged. Raises SourceChanged if IDs were certainly
    rounded and the object that may accept them is gone.
    """
    found = rounded([part["endings"] for part in parts if "endings" in part])
    intact = run.get("intact", "")
    if found and found.is_certain and not _are_accepted(run):
        return [], found.refusal(intact)
    return [found.warning(intact)] if found else [], None


def _are_accepted(run: Run) -> bool:
    """Return whether the object, else the dataset, else the setting says ``warn``."""
    said: str | None = run.get("rounded_ids")
    if "version_id" in run:
        place = run["bucket"], run["key"], run["version_id"]
        said = word_of(NAME, *place, inbox_object.described(*place)) or said
    return (said or settings().rounded_ids) == "warn"
