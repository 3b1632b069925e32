"""Download Results: keeps X's answer byte for byte, verified by length and CRC32C."""

from typing import Any

from adapters import runs_table
from adapters.handler import Event, LambdaClock, lambda_handler
from adapters.http import Wire
from adapters.results_sink import ResultsSink
from adapters.secret import x_api
from adapters.settings import settings
from compliance.clock import parse_time, time_text
from compliance.download import ResultsDownload, google_refusal, x_refusal
from compliance.errors import (
    AccessRefused,
    DownloadInterrupted,
    DownloadRefused,
    JobConflict,
    ProtocolViolation,
    RequestRefused,
    ResultsExpired,
    ResultsUnverified,
    RouteNotLive,
)
from compliance.jobs import Jobs
from compliance.results import is_answer
from compliance.runs import Part, PartRef, Transfer
from compliance.wire import Request

FRESH_SECONDS = 3600
"""A refused URL that X has named longer ago is asked for again."""

RESERVE_SECONDS = 30
"""Kept at most of an invocation's time for the piece under way; a third where that is less."""


@lambda_handler
def handler(event: Event, clock: LambdaClock) -> dict[str, Any]:
    """Takes a part's reference; returns whether the results are ``complete``.

    Raises ResultsExpired once ``download_expires_at`` has passed, 7 days after the job's creation. Where the download
    is refused, X is asked for a URL anew, once; then the refusal is raised.
    """
    ref = PartRef.of(event)
    part = runs_table.get_part_with_job(ref)
    if "downloaded_at" in part:
        return {"complete": True}
    if clock.now() >= parse_time(part["download_expires_at"]).timestamp():
        raise ResultsExpired("The 7 days for the download are over: the results are gone. Start the run again.")
    reserve = min(RESERVE_SECONDS, clock.remaining() / 3)
    sink = ResultsSink(ref, part["job_name"])
    download = _download(part, sink, clock, reserve)
    try:
        complete, state = download.run(sink.saved(part.get("download")))
    except (DownloadRefused, ResultsExpired, RouteNotLive) as refused:
        if clock.now() - _refused_before(part) < FRESH_SECONDS:
            if isinstance(refused, ResultsExpired):
                raise DownloadRefused("The download URL that X has given anew has expired too.") from None
            raise
        _ask_for_url(ref, part, clock)
        raise DownloadInterrupted("The download was refused. It goes on with the URL that X has just given.") from None
    if complete:
        unverified = _unverified(part, is_verified=not download.promises_crc32c or state.expected is not None)
        runs_table.update_part(
            ref,
            job=part["job_name"],
            until="downloaded_at",
            status="downloaded",
            downloaded_at=time_text(clock.now()),
            result_bytes=state.offset,
            unverified=unverified,
            download=None,
            download_url=None,
        )
    return {"complete": complete}


def _refused_before(part: Part) -> float:
    """When a download was refused last and X named its URL anew, epoch seconds; 0 for never."""
    return parse_time(part["refused_at"]).timestamp() if "refused_at" in part else 0.0


def _ask_for_url(ref: PartRef, part: Part, clock: LambdaClock) -> None:
    """Takes down where the results are by X's present word; raises DownloadRefused where X does not say it any more."""
    try:
        job = Jobs(x_api(), Wire(clock).send).get(part["job_id"])
    except (AccessRefused, JobConflict, ProtocolViolation, RequestRefused, RouteNotLive) as error:
        raise DownloadRefused(f"The download was refused, and X does not name another URL for it. {error}") from None
    if job.status != "complete" or job.download_url is None or job.download_expires_at is None:
        raise DownloadRefused("The download was refused, and X does not name another URL for it.")
    settings().transfer_hosts.of(job.download_url)
    runs_table.update_part(
        ref,
        job=part["job_name"],
        until="downloaded_at",
        refused_at=time_text(clock.now()),
        download_url=job.download_url,
        download_expires_at=time_text(job.download_expires_at.timestamp()),
    )


def _unverified(part: Part, *, is_verified: bool) -> list[Transfer] | None:
    """The part's transfers that no CRC32C vouches for. Raises ResultsUnverified if none may be accepted."""
    if is_verified:
        return part.get("unverified")
    if settings().unverified == "fail":
        raise ResultsUnverified("Google has not named the CRC32C of the results. Start the run again later.")
    return ["upload", "download"] if "upload" in part.get("unverified", []) else ["download"]


def _download(part: Part, sink: ResultsSink, clock: LambdaClock, reserve: float) -> ResultsDownload:
    """X's own byte path wants the bearer token; Google's URL is itself the credential and must not see it."""
    url, fetch = part["download_url"], Wire(clock).fetch
    if settings().transfer_hosts.of(url) == "x":
        request = Request("GET", url, x_api().authorization)
        return ResultsDownload(request, x_refusal, fetch, sink, clock, reserve, is_answer)
    request = Request("GET", url)
    return ResultsDownload(request, google_refusal, fetch, sink, clock, reserve, is_answer, promises_crc32c=True)
