"""A part that waits for X: when it is polled next, and what a poll says of how long its job took."""

from compliance.clock import parse_time
from compliance.durations import Forecast, Observation
from compliance.polling import PollSchedule
from compliance.runs import Part, PartForecast


def kept_forecast(forecast: Forecast | None) -> PartForecast | None:
    """A forecast as a part keeps it, in whole numbers."""
    if forecast is None:
        return None
    return {
        "median_seconds": max(1, round(forecast.median)),
        "spread_percent": max(1, round(forecast.spread * 100)),
    }


def wait_seconds(part: Part, schedule: PollSchedule, deadline_seconds: float, now: float) -> int:
    """Whole seconds until the next poll, ``now`` being the time of the last, or some time after the upload.

    The job is given up ``deadline_seconds`` after its creation.
    """
    elapsed = max(0.0, now - _epoch(part["uploaded_at"]))
    left = _epoch(part["created_at"]) + deadline_seconds - now
    return schedule.wait(elapsed, left, _forecast(part))


def observation(part: Part, schedule: PollSchedule, deadline_seconds: float, now: float) -> Observation | None:
    """What it tells of the job's duration that a poll finds it complete ``now``.

    None where that is too little: the poll came long after it was due, as the execution had been stopped, or X's rate
    limit was reached.
    """
    uploaded_at = _epoch(part["uploaded_at"])
    asked_at = _epoch(part.get("working_at", part["uploaded_at"]))
    due = asked_at - uploaded_at + wait_seconds(part, schedule, deadline_seconds, asked_at)
    latest = max(1, round(now - uploaded_at))
    return Observation(round(asked_at - uploaded_at), latest) if latest <= 2 * due else None


def _forecast(part: Part) -> Forecast | None:
    kept = part.get("forecast")
    return Forecast(kept["median_seconds"], kept["spread_percent"] / 100) if kept else None


def _epoch(time: str) -> float:
    return parse_time(time).timestamp()
