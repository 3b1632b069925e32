"""Ask whether the owner of a run's IDs accepts that they were rounded."""

from adapters import inbox_object
from adapters.object_word import ROUNDED_IDS, word_of
from adapters.settings import settings
from compliance.runs import Run


def are_accepted(run: Run) -> bool:
    """Return whether the object, else the dataset, else the setting says ``warn``.

    Raises SourceChanged if the object is gone.
    """
    said: str | None = run.get("rounded_ids")
    if "version_id" in run:
        place = run["bucket"], run["key"], run["version_id"]
        said = word_of(ROUNDED_IDS, *place, inbox_object.described(*place)) or said
    return (said or settings().rounded_ids) == "warn"
