"""Objects that vanish, and files that were made to harm: each ends in words, in bounded memory, and none at X."""

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError

from adapters import aws, inbox_object, objects, runs_table
from adapters.inbox_object import Head
from compliance import preparation
from compliance.distinct import Distinct
from compliance.errors import (
    AwsUnavailable,
    InputRejected,
    NothingToCheck,
    PartTooLarge,
    SourceChanged,
    UnsupportedInput,
)
from compliance.runs import raw_key
from compliance.segments import MOST_READ
from compliance.sources import cut_to_lines, gunzip
from tests.unit.conftest import EXECUTION, INBOX, Functions
from tests.unit.preparing import prepared

KEY = "tweets/ids.txt"
IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))


def plan(functions: Functions, run: dict[str, Any]) -> list[dict[str, Any]]:
    refs: list[dict[str, Any]] = functions.invoke("plan_parts", {"run_id": run["run_id"]})["parts"]
    return refs


def check(functions: Functions, content: bytes) -> dict[str, Any]:
    """Lets a file through all that comes before X; returns its run."""
    run = functions.register(content)
    prepared = [functions.invoke("prepare_part", ref) for ref in plan(functions, run)]
    functions.invoke("accept_input", {"run_id": run["run_id"], "prepared": prepared})
    return {**functions.run(run)}


def archive(functions: Functions) -> None:
    aws.s3().put_object(Bucket=INBOX, Key=KEY, Body=IDS, StorageClass="GLACIER")


def run_of_latest(functions: Functions) -> dict[str, Any]:
    source = {"bucket": {"name": INBOX}, "object": {"key": KEY}}
    event = {"source": source, "execution_arn": EXECUTION, "started_at": "2026-11-23T12:00:00Z"}
    return functions.invoke("register_run", event)


def test_an_object_that_was_overwritten_is_checked_as_it_was(functions: Functions) -> None:
    run = functions.register(IDS)
    functions.drop(b"%PDF-1.7")
    (ref,) = plan(functions, run)
    functions.drop(b"")
    functions.invoke("prepare_part", ref)
    assert functions.object(functions.part(ref)["object_key"]) == IDS


def test_an_object_behind_a_delete_marker_is_checked_as_it_was(functions: Functions) -> None:
    run = functions.register(IDS)
    aws.s3().delete_object(Bucket=INBOX, Key=KEY)
    (ref,) = plan(functions, run)
    functions.invoke("prepare_part", ref)
    assert functions.part(ref)["accepted"] == 1000


def test_a_delete_marker_is_no_version_to_begin_with(functions: Functions) -> None:
    functions.drop(IDS)
    aws.s3().delete_object(Bucket=INBOX, Key=KEY)
    with pytest.raises(SourceChanged, match="drop it again"):
        run_of_latest(functions)


def test_a_version_that_was_deleted_is_missed_when_it_is_planned(functions: Functions) -> None:
    run = functions.register(IDS)
    aws.s3().delete_object(Bucket=INBOX, Key=KEY, VersionId=functions.run(run)["version_id"])
    with pytest.raises(SourceChanged, match="drop it again"):
        plan(functions, run)


def test_a_version_that_was_deleted_is_missed_when_it_is_prepared(functions: Functions) -> None:
    run = functions.register(IDS)
    (ref,) = plan(functions, run)
    aws.s3().delete_object(Bucket=INBOX, Key=KEY, VersionId=functions.run(run)["version_id"])
    functions.drop(IDS)
    with pytest.raises(SourceChanged, match="drop it again"):
        functions.invoke("prepare_part", ref)
    assert functions.keys("parts/") == functions.keys("rejects/") == []


def test_an_archived_object_is_refused_when_it_is_planned(functions: Functions) -> None:
    archive(functions)
    with pytest.raises(UnsupportedInput, match="archived: restore it"):
        plan(functions, run_of_latest(functions))


def test_an_archived_object_is_refused_when_it_is_prepared(functions: Functions) -> None:
    run = functions.register(IDS)
    (ref,) = plan(functions, run)

    intact = aws.s3().get_object

    def archived(**wanted: Any) -> Any:
        if wanted["Bucket"] != INBOX:
            return intact(**wanted)
        raise ClientError({"Error": {"Code": "InvalidObjectState"}}, "GetObject")

    functions.monkeypatch.setattr(aws.s3(), "get_object", archived)
    with pytest.raises(UnsupportedInput, match="archived: restore it"):
        functions.invoke("prepare_part", ref)


def test_the_beginning_of_a_file_is_all_that_planning_reads(functions: Functions) -> None:
    functions.drop(IDS)
    version = inbox_object.latest_version(INBOX, KEY, None)
    assert inbox_object.source_head(INBOX, KEY, version, 100) == Head(len(IDS), IDS[:100])
    assert inbox_object.source_head(INBOX, KEY, version, 10**6) == Head(len(IDS), IDS)


def test_many_duplicates_are_one_id(functions: Functions) -> None:
    run = check(functions, IDS[:20] * 200_000)
    assert (run["lines"], run["accepted"], run["duplicate"], run["rejected"]) == (200_000, 1, 199_999, 0)


def test_two_million_lines_of_a_thousand_ids_are_a_thousand_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that repeats are taken out on the way."""
    monkeypatch.setattr(preparation, "Distinct", partial(Distinct, many=1 << 20))
    part = prepared(IDS * 50 for _ in range(40))
    assert part.content == IDS
    counts = (part.counts["lines"], part.counts["accepted"], part.counts["duplicate"])
    assert counts == (2_000_000, 1000, 2_000_000 - 1000)


def test_duplicates_take_little_memory() -> None:
    distinct = Distinct(many=100_000)
    numbers = np.arange(1000, dtype=np.uint64)
    tracemalloc.start()
    for _ in range(2000):
        distinct.add(numbers)
    repeats, different = distinct.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (repeats == np.arange(1000, 2_000_000)).all()
    assert (different == numbers).all()
    assert peak < 40_000_000


@pytest.mark.parametrize("size", [65_536, 1 << 20])
def test_a_line_of_a_gigabyte_is_rejected_in_flat_memory(size: int) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"18\n"
        for _ in range((1 << 30) // size):
            yield b"1" * size
        yield b"\n19\n"

    tracemalloc.start()
    part = prepared(cut_to_lines(blocks(), 0, (1 << 30) + 7))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert part.content == b"18\n19\n"
    assert [(each.line, each.reason, len(each.text)) for each in part.rejects] == [(2, "line_too_long", 100)]
    assert peak < 8 * size


def test_a_line_over_many_parts_is_rejected_once(functions: Functions) -> None:
    functions.configure(part_size_mb=1, reject_limit_percent=50)
    run = check(functions, b"18\n" + b"1" * 5_000_000 + b"\n19\n")
    assert (run["parts"], run["lines"], run["accepted"], run["rejected"]) == (6, 3, 2, 1)


def packed_with(at: int, change: bytes) -> bytes:
    packed = bytearray(gzip.compress(IDS))
    packed[at : at + len(change) or None] = change
    return bytes(packed)


DAMAGED = {
    "cut off in its data": gzip.compress(IDS)[:500],
    "cut off before its length": gzip.compress(IDS)[:-4],
    "cut off in its header": gzip.compress(IDS)[:5],
    "too small a length": packed_with(-4, b"\x01\x00\x00\x00"),
    "too large a length": packed_with(-4, b"\xff\xff\xff\xff"),
    "another checksum": packed_with(-8, b"\x00\x00\x00\x00"),
    "garbage behind it": gzip.compress(IDS) + b"and more",
    "IDs behind it": gzip.compress(IDS) + IDS,
    "half a member behind it": gzip.compress(IDS) + gzip.compress(IDS)[:100],
    "no known method": b"\x1f\x8b\x07" + gzip.compress(IDS)[3:],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_gzip_file_that_is_not_whole_and_right_is_refused_whole(functions: Functions, content: bytes) -> None:
    run = functions.register(content)
    with pytest.raises(UnsupportedInput, match=r"gzip file is (damaged|cut off)"):
        functions.invoke("prepare_part", plan(functions, run)[0])
    assert functions.keys("parts/") == functions.keys("rejects/") == []
    assert not any("prepared_at" in part for part in runs_table.list_parts(run["run_id"]))


def bomb(unit: bytes, mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(unit * ((1 << 20) // len(unit))) for _ in range(mebibytes)) + packer.flush()


@pytest.mark.parametrize("unit", [b"\0", b"\n", b"1", b"1800000000000000\n"], ids=["NULs", "blanks", "a line", "an ID"])
def test_a_bomb_is_left_before_it_goes_off(functions: Functions, unit: bytes) -> None:
    functions.monkeypatch.setitem(MOST_READ, "lines", 1_000_000)
    (ref,) = plan(functions, functions.register(bomb(unit, 30)))
    with pytest.raises(PartTooLarge, match="unpacks to more than"):
        functions.invoke("prepare_part", ref)
    assert functions.keys("parts/") == functions.keys("rejects/") == []


def test_a_bomb_takes_no_memory() -> None:
    packed = bomb(b"1\n", 100)
    tracemalloc.start()
    with pytest.raises(PartTooLarge):
        for _ in gunzip(iter([packed]), 64 << 20):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "content",
    [b"\n" * 5000, b"\r\n" * 10, b" \t \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b"\n", gzip.compress(b""), b"id\n"],
    ids=["blank lines", "CRLF", "spaces", "a mark", "a mark and a line", "a newline", "packed nothing", "a header"],
)
def test_a_file_without_an_id_is_nothing_to_check(functions: Functions, content: bytes) -> None:
    with pytest.raises(NothingToCheck, match="holds no ID"):
        check(functions, content)


def test_a_file_of_no_bytes_is_nothing_to_check(functions: Functions) -> None:
    with pytest.raises(NothingToCheck, match="is empty"):
        check(functions, b"")
    (run,) = [item for item in aws.dynamodb().Table("runs").scan()["Items"] if str(item["pk"]).startswith("RUN#")]
    assert runs_table.list_parts(str(run["run_id"])) == []


@pytest.mark.parametrize("content", [b"\0", bytes(5000), b"18\x00\n" * 5, b"\x0018\n19\n"])
def test_nuls_are_no_part_of_an_id(functions: Functions, content: bytes) -> None:
    with pytest.raises(InputRejected, match=r"[0-9] of [0-9] lines"):
        check(functions, content)


def test_a_line_with_nuls_among_ids_is_a_reject(functions: Functions) -> None:
    run = check(functions, IDS + b"\0\0\0\n18\x00\n")
    assert (run["accepted"], run["rejected"]) == (1000, 2)
    rejects = functions.object(functions.keys("rejects/")[0]).splitlines()
    assert b'"text": "18\\u0000"' in rejects[1]


class Broken(io.BytesIO):
    """What S3 sends, with an error at its end."""

    def __init__(self, content: bytes, error: Exception) -> None:
        super().__init__(content)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if not (block := super().read(size)):
            raise self.error
        return block


BREAKS = {
    "reset": ProtocolError("Connection broken: SECRET"),
    "silent": ReadTimeoutError(cast(Any, None), "SECRET", "Read timed out."),
    "over TLS": SSLError("SECRET"),
    "short": None,
}


@pytest.fixture(params=BREAKS.values(), ids=list(BREAKS))
def broken(request: pytest.FixtureRequest, functions: Functions) -> Iterator[Functions]:
    """The functions, while every body of S3 but the plan breaks off after 10 bytes."""
    intact = aws.s3().get_object

    def get_object(**wanted: Any) -> Any:
        answer: dict[str, Any] = {**intact(**wanted)}
        if wanted["Key"].startswith("segments/"):
            return answer
        raw = io.BytesIO(b"1800000000") if request.param is None else Broken(b"1800000000", request.param)
        return answer | {"Body": StreamingBody(raw, answer["ContentLength"])}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws.s3(), "get_object", get_object)
        yield functions


def test_a_source_that_breaks_off_is_read_again(broken: Functions) -> None:
    run = broken.register(IDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox_object, "source_head", lambda *_: Head(len(IDS), IDS[:100]))
        (ref,) = plan(broken, run)
    with pytest.raises(AwsUnavailable, match="did not answer, or not whole"):
        broken.invoke("prepare_part", ref)
    assert broken.keys("parts/") == []
    aws.s3().delete_object(Bucket=INBOX, Key=KEY, VersionId=broken.run(run)["version_id"])
    with pytest.raises(SourceChanged, match="drop it again"):
        broken.invoke("prepare_part", ref)


def test_a_beginning_that_breaks_off_is_read_again(broken: Functions) -> None:
    run = broken.register(IDS)
    with pytest.raises(AwsUnavailable, match="did not answer, or not whole"):
        plan(broken, run)
    assert runs_table.list_parts(run["run_id"]) == []


def test_results_that_break_off_are_read_again(broken: Functions) -> None:
    ref = broken.completed(b"18\n", b"{}\n" * 10)
    objects.write(raw_key(ref["run_id"], ref["part"]), b"{}\n" * 10, objects.crc32c_of(b"{}\n" * 10))
    broken.update(ref, result_bytes=30, downloaded_at="2026-11-23T12:00:00Z")
    ranged = ref | {"start": 0, "end": 30, "rank": 3, "open_until": "", "progress": {}, "outcomes": {}}
    for step, event in (("write_results", ref), ("index_results", ranged), ("index_range", ranged)):
        with pytest.raises(AwsUnavailable, match="did not answer, or not whole"):
            broken.invoke(step, event)
