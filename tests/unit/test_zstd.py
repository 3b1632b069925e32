"""zstd as it streams by: whole or refused, and in bounded memory."""

import sys
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import PartTooLarge, UnsupportedInput
from compliance.zstd import first_unzstd, unzstd

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

IDS = b"".join(b"%d\n" % (1_800_000_000_000_000_000 + number) for number in range(1000))
SKIPPED = b"\x50\x2a\x4d\x18\x05\x00\x00\x00hello"


def blocks_of(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def unpack(packed: bytes, limit: int = 10**9, size: int = 5) -> bytes:
    return b"".join(unzstd(blocks_of(packed, size), limit))


@given(contents=st.lists(st.binary(max_size=300), max_size=4), size=st.integers(1, 400))
def test_frames_in_a_row_are_one_text(contents: list[bytes], size: int) -> None:
    packed = b"".join(zstd.compress(content) + SKIPPED for content in contents)
    assert unpack(SKIPPED + packed, size=size) == b"".join(contents)


def test_a_large_file_is_unpacked_in_blocks() -> None:
    content = IDS * 200
    blocks = list(unzstd(iter([zstd.compress(content)]), 10**9))
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= 1 << 20


@given(size=st.integers(1, 40), missing=st.integers(1, 20))
def test_a_file_that_is_cut_off_is_not_taken_for_whole(size: int, missing: int) -> None:
    packed = zstd.compress(b"".join(b"%d\n" % number for number in range(100)))
    with pytest.raises(UnsupportedInput, match=r"zstd file is cut off"):
        unpack(packed[:-missing], size=size)


@pytest.mark.parametrize("at", [0, 4, 12, -40, -2])
def test_a_damaged_file_is_not_read(at: int) -> None:
    options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    packed = bytearray(zstd.compress(IDS, options=options))
    packed[at] ^= 0x55
    with pytest.raises(UnsupportedInput, match=r"zstd file (is (damaged|cut off)|needs)"):
        unpack(bytes(packed), size=64)


@pytest.mark.parametrize("behind", [b"1800000000000000000\n", b"\0" * 8, zstd.compress(IDS)[:50]])
def test_what_is_no_whole_frame_behind_the_last_one_is_damage(behind: bytes) -> None:
    with pytest.raises(UnsupportedInput, match=r"zstd file is (damaged|cut off)"):
        unpack(zstd.compress(IDS) + behind)


@pytest.mark.parametrize("log", [10, 27])
def test_windows_of_128_mib_are_taken(log: int) -> None:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: log})
    assert unpack(packer.compress(IDS) + packer.flush()) == IDS


def test_a_window_that_takes_more_memory_than_there_is_is_refused() -> None:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 28})
    with pytest.raises(UnsupportedInput, match=r"window of more than 128 MiB: pack it again without --long"):
        unpack(packer.compress(IDS) + packer.flush())


def test_a_file_that_needs_a_dictionary_says_so() -> None:
    packed = zstd.compress(IDS, zstd_dict=zstd.train_dict([IDS[at : at + 200] for at in range(0, 20_000, 200)], 500))
    with pytest.raises(UnsupportedInput, match="needs a dictionary"):
        unpack(packed)


def test_a_bomb_is_left_before_it_goes_off_and_takes_no_memory() -> None:
    bomb = zstd.compress(bytes(200 << 20))
    tracemalloc.start()
    unpacked: list[int] = []
    with pytest.raises(PartTooLarge, match="unpacks to more than 5000000 bytes"):
        unpacked.extend(map(len, unzstd(iter([bomb]), 5_000_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(unpacked) <= 5_000_000
    assert peak < 8 << 20


@given(size=st.integers(0, 3000), cut=st.integers(0, 3000))
def test_the_first_bytes_are_those_of_the_whole(size: int, cut: int) -> None:
    packed = SKIPPED + zstd.compress(IDS[:100]) + zstd.compress(b"") + zstd.compress(IDS[100:2000])
    first = first_unzstd(packed[:cut], size)
    assert IDS[:2000].startswith(first)
    assert len(first) <= size
    assert first_unzstd(packed, size) == IDS[: min(size, 2000)]


def test_a_file_of_just_the_limit_is_taken() -> None:
    assert unpack(zstd.compress(b"1" * 100), limit=100) == b"1" * 100
    with pytest.raises(PartTooLarge):
        unpack(zstd.compress(b"1" * 101), limit=100)
    assert unpack(b"") == b""
