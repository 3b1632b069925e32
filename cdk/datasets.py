"""The datasets that are checked on a schedule: what a deployer writes into ``datasets.yaml``, read and validated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from cdk.schedule_expressions import ExpressionError, ScheduleExpression
from cdk.yaml_file import read_yaml
from compliance.runs import DATASETS, JOB_TYPES

GRACE: Final = timedelta(days=1)
"""How much older than its schedule says a check may be that is not overdue: X takes hours for a job."""

MOST_NAMES: Final = 2000
"""Lambda gives a function 4 KB of environment."""

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}"
_LOCATION: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<folder>([^/\s]+/)*)")

T = TypeVar("T")


class DatasetError(ValueError):
    """A file of datasets that no deployment can work with; the message says where it is wrong, and what is right."""


@dataclass(frozen=True)
class Location:
    """A folder in S3; ``bucket`` is empty for the inbox."""

    bucket: str
    folder: str

    @classmethod
    def of(cls, url: str) -> "Location":
        """Reads ``s3://bucket/folder/``; raises ValueError for anything else."""
        match = _LOCATION.fullmatch(url)
        if match is None:
            raise ValueError(url)
        return cls(match["bucket"], match["folder"])


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What is checked again and again. Raises DatasetError for values that cannot be.

    ``name``, ``type`` (tweets or users) and ``schedule`` are needed. The IDs are in the files below ``prefix``, a
    folder of the inbox or ``s3://bucket/folder/``; or they are what ``query`` finds, SQL of Athena's with one column,
    over tables of ``database`` whose files are in the folders that ``reads`` lists. ``rounded_ids`` and
    ``embedded`` override the settings of those names.
    """

    name: str
    type: str
    schedule: str
    timezone: str = "UTC"
    overlap: str = "wait"
    rounded_ids: str = ""
    embedded: bool | None = None
    prefix: str = ""
    query: str = ""
    database: str = ""
    reads: tuple[str, ...] = ()
    max_age_days: float | None = None

    def __post_init__(self) -> None:
        self._require(re.fullmatch(_NAME, self.name), "name", "1 to 48 letters, digits, hyphens or underscores")
        self._require(self.type in JOB_TYPES, "type", "tweets or users")
        self._require(self.overlap in ("wait", "skip"), "overlap", "wait or skip")
        self._require(self.rounded_ids in ("", "fail", "warn"), "rounded_ids", "fail or warn")
        try:
            gap = self.expression.longest_gap
        except ExpressionError as error:
            raise DatasetError(f"schedule: {error}") from None
        days = self.max_age_days
        self._require(
            days is None or (isinstance(days, int | float) and timedelta(days=days) >= gap),
            "max_age_days",
            f"a number of days, and no less than lie between two checks: {gap / timedelta(days=1):g}",
        )
        self._require(
            not (self.query and self.prefix), "query", "left out where there is a prefix, as that has the IDs"
        )
        self._require(self.query or not (self.database or self.reads), "query", "SQL, where there is database or reads")
        self._require(
            not self.database or re.fullmatch(r"[a-z0-9_]{1,255}", self.database), "database", "one of Glue's"
        )
        self._require(bool(self.database) == bool(self.reads), "reads", "the folders of the tables of database")
        for each in self.reads:
            self._require(_LOCATION.fullmatch(each), "reads", "folders such as s3://bucket/folder/")
        home = f"{DATASETS}{self.type}/"
        self._require(
            _LOCATION.fullmatch(self.prefix) if "://" in self.prefix else re.fullmatch(rf"{home}(.+/)?|", self.prefix),
            "prefix",
            f"a folder of the inbox below {home}, or s3://bucket/folder/, with a slash at its end",
        )

    def _require(self, holds: object, name: str, accepts: str) -> None:
        if not holds:
            raise DatasetError(f"{name}: must be {accepts}, not {getattr(self, name)!r}")

    @property
    def expression(self) -> ScheduleExpression:
        """When it is checked."""
        return ScheduleExpression(self.schedule, self.timezone)

    @property
    def max_age(self) -> timedelta:
        """How old the last complete check may be."""
        if self.max_age_days is not None:
            return timedelta(days=self.max_age_days)
        return self.expression.longest_gap + GRACE

    @property
    def location(self) -> Location | None:
        """The folder that is read; None where Athena is asked."""
        if self.query:
            return None
        return Location.of(self.prefix) if "://" in self.prefix else Location("", self.folder)

    @property
    def folder(self) -> str:
        """In the inbox."""
        return self.prefix or f"{DATASETS}{self.type}/{self.name}/"


def datasets_in(path: Path) -> tuple[Dataset, ...]:
    """The datasets that a YAML file lists under ``datasets``.

    Raises DatasetError, naming the file and the dataset, for whatever is missing, unknown or wrong in it.
    """
    try:
        content = read_yaml(path)
    except ValueError as error:
        raise DatasetError(str(error)) from None
    if not isinstance(content, Mapping) or content.keys() != {"datasets"} or not isinstance(content["datasets"], list):
        raise DatasetError(f"{path} must have one key, datasets, with a list of them")
    found: dict[str, Dataset] = {}
    for number, given in enumerate(content["datasets"], 1):
        named = given.get("name", "") if isinstance(given, Mapping) else ""
        try:
            dataset = _dataset(given)
            if dataset.name in found:
                raise DatasetError("name: another dataset has it already")
        except DatasetError as error:
            raise DatasetError(f"{path}: dataset {number}{f' ({named})' if named else ''}: {error}") from None
        found[dataset.name] = dataset
    if len(" ".join(found)) > MOST_NAMES:
        raise DatasetError(f"{path}: the names of all datasets have {MOST_NAMES} characters at most together")
    return tuple(found.values())


def _dataset(given: object) -> Dataset:
    names = {each.name: each for each in fields(Dataset)}
    if not isinstance(given, Mapping):
        raise DatasetError(f"must have the keys {', '.join(names)}, of which most may be left out")
    for key in given.keys() - names.keys():
        near = get_close_matches(str(key), names, n=1)
        raise DatasetError(f"{key}: is no key of a dataset" + (f"; did you mean {near[0]}?" if near else ""))
    for key in ("name", "type", "schedule"):
        if key not in given:
            raise DatasetError(f"{key}: is missing")
    values: dict[str, Any] = {}
    for key, value in given.items():
        kind, words = _KINDS.get(key, (str, "text"))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise DatasetError(f"{key}: must be {words}, not {value!r}")
        values[key] = tuple(map(str, value)) if key == "reads" else value
    return Dataset(**values | {"query": values.get("query", "").strip().rstrip(";")})


_KINDS: Final[Mapping[str, tuple[Any, str]]] = {
    "reads": (list, "a list of folders"),
    "max_age_days": (int | float, "a number"),
    "embedded": (bool, "true or false"),
}
