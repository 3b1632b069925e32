"""What prepares lists: how each is called, and on which cores."""

import json
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.clients.deployed import function_environment
from benchmarks.clients.environment import PEERS, ROOT, client_environment
from benchmarks.lists import Content, IdList, content_of
from benchmarks.processes import ClientFailed, Usage, measure, serving
from benchmarks.s3 import Put
from cdk.allocation import FOR_ARRAYS
from compliance.formats import Format
from compliance.segments import Segment, listing_of

RUN = "tweets-0123456789abcdef"

PEERS_PYTHON = PEERS / "python"

Command = Callable[[Path, Sequence[Path]], list[str]]


class Preparer(Protocol):
    """A program that prepares lists one after the other."""

    @property
    def name(self) -> str:
        """As the tables have it."""

    def check(self, given: IdList) -> None:
        """Raises ClientFailed unless it makes of a list what it should."""

    def run(self, lists: Sequence[IdList]) -> Usage:
        """Prepares lists; raises ClientFailed."""


@dataclass(frozen=True)
class Program:
    """One that is started by ``command(target, lists)``. In any order means that only the length is compared."""

    name: str
    command: Command = field(repr=False)
    cores: Collection[int]
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)
    is_distinct: bool = False
    in_any_order: bool = False

    def check(self, given: IdList) -> None:
        """Compares what it writes with what the list was made from."""
        target = given.path.with_suffix(".out")
        self._run(target, [given])
        found, wanted = content_of(target), given.distinct if self.is_distinct else given.ids
        target.unlink()
        if found.length != wanted.length or (found != wanted and not self.in_any_order):
            raise ClientFailed(f"{self.name} made {found} of {given}")

    def run(self, lists: Sequence[IdList]) -> Usage:
        """To nowhere: the disk is not of interest."""
        return self._run(Path(os.devnull), lists)

    def _run(self, target: Path, lists: Sequence[IdList]) -> Usage:
        command = self.command(target, [given.path for given in lists])
        return measure(command, {**client_environment(ROOT / ".build", ""), **self.environment}, self.cores)


@dataclass(frozen=True)
class PreparePart:
    """The function, one invocation for each list, between two servers that live as long."""

    name: str = "**ours**"

    def check(self, given: IdList) -> None:
        """As each run does."""
        self.run([given])

    def run(self, lists: Sequence[IdList]) -> Usage:
        """Compares what S3 was sent with what the lists were made from."""
        directory = lists[0].path.parent
        parts = [[Segment("bench", each.path.name, "1", 0, each.bytes, Format("lines"))] for each in lists]
        listing = directory / f"{RUN}.ndjson"
        listing.write_bytes(listing_of(parts, RUN))
        with serving("benchmarks.s3", str(directory)) as s3, serving("benchmarks.dynamodb") as dynamodb:
            environment = {
                **client_environment(ROOT / ".build", s3.url),
                **function_environment(),
                **FOR_ARRAYS,
                "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url,
                "POWERTOOLS_LOG_LEVEL": "WARNING",
            }
            command = [sys.executable, "-m", "benchmarks.clients.prepare_part", str(listing)]
            usage = measure(command, environment, one_core())
            puts = [Put(**json.loads(line)) for line in s3.stop()]
        found = [Content(put.bytes, put.crc32c) for put in puts if "/parts/" in put.key]
        if found != [each.distinct for each in lists]:
            raise ClientFailed(f"{self.name} made {found} of {lists}")
        return usage


def all_cores() -> Collection[int]:
    """Those that there are."""
    return os.sched_getaffinity(0)


def one_core() -> Collection[int]:
    """The last one: the servers are not kept from it, but the others suit them as well."""
    return {max(all_cores())}


def _ours() -> Program:
    """The core by itself, with the memory settings of the function."""
    return Program(
        "**ours**",
        lambda target, lists: [sys.executable, "-m", "benchmarks.clients.normalizer", str(target), *map(str, lists)],
        one_core(),
        FOR_ARRAYS,
    )


def _peer(name: str, function: str, *, cores: Collection[int] = ()) -> Program:
    is_distinct = function.endswith("_distinct")
    return Program(
        name,
        lambda target, lists: [
            str(PEERS_PYTHON), "-m", "benchmarks.clients.peers", function, str(target), *map(str, lists),
        ],
        cores or one_core(),
        is_distinct=is_distinct,
        in_any_order=is_distinct or function == "numpy",
    )  # fmt: skip


def normalizers() -> list[Program]:
    """Those that validate and normalize; ours is the first."""
    return [
        _ours(),
        _peer("Python, line by line", "python_lines"),
        _peer("Python, a regular expression over clean runs", "python_regex"),
        _peer("NumPy", "numpy"),
        _peer("pyarrow", "pyarrow"),
        _peer("polars, all cores", "polars", cores=all_cores()),
        _peer("DuckDB", "duckdb"),
    ]


def _sort_u() -> Program:
    """What a shell has for it."""
    script = (
        'target=$1; shift; for list in "$@"; do '
        'tr -d \'"\\r \' < "$list" | grep -xE \'[1-9][0-9]{0,18}\' | sort -u > "$target"; done'
    )
    return Program(
        "tr, grep and `sort -u`",
        lambda target, lists: ["sh", "-c", script, "sh", str(target), *map(str, lists)],
        one_core(),
        {"LC_ALL": "C"},
        is_distinct=True,
        in_any_order=True,
    )


def deduplicators() -> list[Preparer]:
    """Those that write each ID once; ours is the first."""
    return [
        PreparePart(),
        _sort_u(),
        _peer("DuckDB, DISTINCT", "duckdb_distinct"),
        _peer("NumPy, sorted", "numpy_distinct"),
        _peer("polars, unique, all cores", "polars_distinct", cores=all_cores()),
    ]
