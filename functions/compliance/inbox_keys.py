"""Where in the inbox files are read, and what is ignored there. Pure."""

import re
from typing import Final

from compliance.datasets import UNLOADED
from compliance.runs import DATASETS, JOB_TYPES, MARKER, is_hidden

READ: Final = (
    *(f"{job_type}/*" for job_type in JOB_TYPES),
    *(f"{DATASETS}{job_type}/*/*" for job_type in JOB_TYPES),
    f"{UNLOADED}*",
)
"""Wildcards of the keys that somebody reads."""

_READ = re.compile("|".join(re.escape(pattern).replace(r"\*", ".*") for pattern in READ), re.DOTALL)


def is_ignored(key: str, size: int | None) -> bool:
    """Return whether an object below ``tweets/`` and the like starts no run, without being an error.

    So do an empty object that stands for a folder, as the S3 console writes it, and temporary and marker files, but for
    the marker of a folder below ``datasets/``. ``size`` is in bytes, None if it is not known.
    """
    if key.endswith("/") and size == 0:
        return True
    name = key.partition("/")[2]
    if key.startswith(DATASETS):
        name = name.partition("/")[2].partition("/")[2].removesuffix(MARKER)
    return is_hidden(name)


def is_misplaced(key: str, size: int | None) -> bool:
    """Return whether an object was put where nobody reads it, and may hold IDs."""
    return not (_READ.fullmatch(key) or is_hidden(key) or (key.endswith("/") and size == 0))
