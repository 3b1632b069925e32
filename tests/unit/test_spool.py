"""What is collected in memory is what S3 gets, also when it is sent again; nothing but its CRC32C is taken of it."""

import io
from collections.abc import Iterator
from typing import IO, Any

import pytest
from botocore.exceptions import ConnectionClosedError
from hypothesis import given
from hypothesis import strategies as st

from adapters import aws, objects
from adapters.spool import Spool
from tests.unit.conftest import RESULTS

BLOCKS = st.lists(st.binary(max_size=50), max_size=20)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 300)),
        st.tuples(st.just("seek"), st.integers(0, 600)),
        st.just(("read", -1)),
        st.just(("tell",)),
        st.just(("seek", 0, io.SEEK_END)),
        st.just(("seek", 0, io.SEEK_CUR)),
    )
)


def spooled(blocks: list[bytes]) -> Spool:
    spool = Spool()
    for block in blocks:
        spool.write(block)
    return spool


@given(blocks=BLOCKS, steps=STEPS)
def test_the_body_that_boto3_is_given_behaves_as_a_file_of_the_same_bytes(blocks: list[bytes], steps: Any) -> None:
    bodies: list[IO[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "write", lambda _key, body, _crc32c: bodies.append(body))
        spooled(blocks).store("key")
    expected = io.BytesIO(b"".join(blocks))
    for name, *arguments in steps:
        assert getattr(bodies[0], name)(*arguments) == getattr(expected, name)(*arguments)


def test_who_keeps_the_body_does_not_keep_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[IO[bytes]] = []
    monkeypatch.setattr(objects, "write", lambda _key, body, _crc32c: bodies.append(body))
    with spooled([b"1\n", b"2\n"]) as spool:
        spool.store("key")
        assert bodies[0].read() == b"1\n2\n"
    bodies[0].seek(0)
    assert bodies[0].read() == b""


@given(blocks=BLOCKS)
def test_length_and_checksum_are_those_of_all_blocks_and_reading_forgets_them(blocks: list[bytes]) -> None:
    spool = spooled(blocks)
    assert (spool.bytes, spool.crc32c) == (len(b"".join(blocks)), objects.crc32c_of(b"".join(blocks)))
    assert [b"".join(spool.read()), b"".join(spool.read())] == [b"".join(blocks), b""]


@pytest.fixture
def puts() -> Iterator[list[dict[str, str]]]:
    """The headers of what is sent to be put; the first time the connection breaks."""
    sent: list[dict[str, str]] = []

    def look(request: Any, **_: Any) -> None:
        sent.append(
            {
                name.lower(): value if isinstance(value, str) else value.decode()
                for name, value in request.headers.items()
            }
        )
        if len(sent) == 1:
            request.body.read(5)
            raise ConnectionClosedError(endpoint_url=request.url)

    events = aws.s3().meta.events
    events.register_first("before-send.s3.PutObject", look, unique_id="look")
    yield sent
    events.unregister("before-send.s3.PutObject", unique_id="look")


@pytest.mark.usefixtures("environment")
def test_a_put_that_broke_off_is_sent_again_from_its_beginning_and_no_body_is_hashed_to_be_signed(
    puts: list[dict[str, str]],
) -> None:
    spool = spooled([b"18\n", b"", b"19\n20\n"])
    spool.store("parts/1")
    assert aws.s3().get_object(Bucket=RESULTS, Key="parts/1")["Body"].read() == b"18\n19\n20\n"
    assert len(puts) == 2
    for each in puts:
        assert each["x-amz-checksum-crc32c"] == spool.crc32c
        assert each["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
