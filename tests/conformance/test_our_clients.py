"""Our uploader and downloader, over real sockets: whatever Google and X answer, only what is right counts.

The steps of a job run as they are deployed, with AWS in memory. Each story ends with X's answer, byte for byte, or
with an error that the state machine knows; never with anything else that is called complete.
"""

import base64
import time
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from google_crc32c import value

from compliance.errors import ComplianceError, JobLost, TransientError
from tests.conformance.tools import FULL
from tests.simulator.client import UNIT, lines
from tests.transfers.conftest import Pipe, Pipeline, clients, clock, environment, pipe, step_functions
from xcompliance.sandbox.simulator.faults import FAULTS as KINDS

__all__ = ["clients", "clock", "environment", "pipe", "step_functions"]

IDS = lines(range(10**18, 10**18 + 60_000))

WORLDS: dict[str, dict[str, Any]] = {
    "session": {"resumable": "honoured"},
    "session, slow": {"resumable": "honoured", "partial_persistence": 0.5, "seed": 3},
    "session, length signed": {"resumable": "honoured", "sign_content_length": True},
    "one PUT to Google": {"resumable": "ignored"},
    "refused, one PUT": {"resumable": "refused"},
    "X itself": {"generation": "x-hosted"},
}
BODIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "composite": {"composite_results": True},
    "chunked": {"chunked": True},
    "composite and chunked": {"composite_results": True, "chunked": True},
}
FAULTS: dict[str, dict[str, Any]] = {
    "corrupted upload": {"name": "corrupted_upload"},
    "upload reset": {"name": "reset", "after_bytes": UNIT + 5},
    "upload answer lost": {"name": "lost_answer", "operation": "send_chunk"},
    "upload answer lost, one PUT": {"name": "lost_answer", "operation": "upload"},
    "silent 308": {"name": "silent_308"},
    "upload without hash": {"name": "hashless", "operation": "send_chunk"},
    "question without hash": {"name": "hashless", "operation": "ask_session"},
    "one PUT without hash": {"name": "hashless", "operation": "upload"},
    "page for a question": {"name": "html_page", "operation": "ask_session"},
    "page for a chunk": {"name": "html_page", "operation": "send_chunk"},
    "page for one PUT": {"name": "html_page", "operation": "upload"},
    "page for a download": {"name": "html_page", "operation": "download"},
    "corrupted download": {"name": "corrupted_download"},
    "truncated download": {"name": "truncated_download", "keep_bytes": 1000},
    "download without hash": {"name": "hashless", "operation": "download"},
    "busy download": {"name": "status", "operation": "download", "status": 503},
}


class StillFailing(ComplianceError):
    """A step was tried as often as the state machine would."""


TRIES = 12
"""Invocations of a step, which the state machine's retries allow for."""


def _step(pipeline: Pipeline, name: str, done: str) -> None:
    """Invoke a step until it is done, as the state machine does, but stop at what it does not retry."""
    for _ in range(TRIES):
        with suppress(TransientError):
            if pipeline.step(name).get(done) in (True, "complete"):
                return
        time.sleep(0.01)  # X takes a moment to answer, and a job that it knows no upload of lapses
        pipeline.simulator.clock.advance(120)
    raise StillFailing(name)


def _checked(pipeline: Pipeline) -> None:
    """Bring the part through one job after the other, until one has answered."""
    for is_last in (False, False, True):
        _step(pipeline, "create_job", "created")
        try:
            for _ in range(TRIES):
                with suppress(TransientError):
                    pipeline.step("open_upload")
                    break
            for name, done in (("upload_part", "complete"), ("get_job", "status"), ("download_results", "complete")):
                _step(pipeline, name, done)
        except JobLost:
            if is_last:
                raise
            pipeline.forget_job()
        else:
            return


def _stored(pipeline: Pipeline) -> bytes:
    """What the simulator answered the last job with."""
    job = pipeline.simulator.jobs[-1]
    stored = pipeline.simulator._world.objects.get(job.results)
    assert stored is not None
    return b"".join(stored.blocks(0, stored.size))


def _is_right(pipeline: Pipeline) -> bool:
    """Whether X has worked on our bytes, and we have its answer."""
    job = pipeline.simulator.jobs[-1]
    return job.uploaded_crc32c == _base64_crc32c(IDS) and pipeline.results == _stored(pipeline)


def _base64_crc32c(content: bytes) -> str:
    return base64.b64encode(value(content).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("bodies", BODIES)
@pytest.mark.parametrize("world", WORLDS)
def test_a_part_goes_through(pipe: Pipe, world: str, bodies: str) -> None:
    pipeline = pipe(**WORLDS[world], **BODIES[bodies])
    pipeline.begin(IDS)
    _checked(pipeline)
    assert _is_right(pipeline)
    assert len(pipeline.simulator.jobs) == 1
    assert "unverified" not in pipeline.part


OPERATIONS = {
    world: {"download"} | ({"open_session", "ask_session", "send_chunk"} if "session" in world else {"upload"})
    for world in WORLDS
}
"""What our clients ask for in each world on the byte path."""


def _may_happen(world: str, fault: str) -> bool:
    """Whether something in that world can go wrong so, and can be noticed."""
    told = FAULTS[fault]
    operations = {told["operation"]} if "operation" in told else {*KINDS[told["name"]].operations}
    if world == "X itself" and told["name"] in ("hashless", "corrupted_upload", "corrupted_download"):
        return False  # X names no checksum, neither of what it stored nor of what it sends
    return bool(operations & OPERATIONS[world])


SAMPLE = ("session", "one PUT to Google", "X itself")
STORIES = [
    (world, fault, bodies)
    for world, fault, bodies in product(WORLDS, FAULTS, BODIES)
    if _may_happen(world, fault) and (FULL or (world in SAMPLE and bodies == "plain"))
]


@pytest.mark.parametrize(("world", "fault", "bodies"), STORIES)
def test_what_counts_is_right_whatever_goes_wrong_once(pipe: Pipe, world: str, fault: str, bodies: str) -> None:
    pipeline = pipe(**WORLDS[world], **BODIES[bodies])
    pipeline.begin(IDS)
    pipeline.simulator.faults.arm(**FAULTS[fault])
    _checked(pipeline)
    assert _is_right(pipeline)


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(
    ("world", "operation"), [(world, operation) for world in SAMPLE for operation in sorted(OPERATIONS[world])]
)
def test_no_redirect_is_followed(pipe: Pipe, world: str, operation: str, status: int) -> None:
    elsewhere, pipeline = pipe(**WORLDS[world]), pipe(**WORLDS[world])
    pipeline.begin(IDS)
    location = f"{elsewhere.simulator.gcs_url}/elsewhere"
    pipeline.simulator.faults.arm("redirect", operation, times=50, status=status, location=location)
    with pytest.raises(ComplianceError):
        _checked(pipeline)
    assert pipeline.asked(operation) > 0
    assert elsewhere.simulator.journal.entries() == []
