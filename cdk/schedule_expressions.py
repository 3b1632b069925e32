"""EventBridge Scheduler's expressions: whether one is right, when it is due next, and how far apart its times may lie.

Scheduler itself tells no time that lies ahead. Source of the syntax, and of what becomes of times that a change to or
from summer time leaves out or repeats: EventBridge Scheduler's User Guide, "Schedule types".
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

Days = Callable[[date], bool]

_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)", re.ASCII)
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", re.ASCII)
_LAST: Final = date(2199, 12, 31)
"""The last day that Scheduler knows."""

_SAMPLE: Final = 5000
"""Times from whose distances the longest is taken, or as many as there are."""


class ExpressionError(ValueError):
    """What Scheduler would not take; the message says what is wrong."""


@dataclass(frozen=True)
class ScheduleExpression:
    """A ``rate(...)`` or ``cron(...)`` in a time zone of the IANA. Raises ExpressionError for what is none."""

    text: str
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        _ = self._zone
        if self.next_after(_EPOCH) is None:
            raise ExpressionError(f"{self.text} names no time that comes")

    def next_after(self, moment: datetime) -> datetime | None:
        """When it is due for the first time behind a moment, UTC. Of a rate, the moment is when it was due."""
        if self.rate is not None:
            return moment + self.rate
        return next(self._times(moment), None)

    @property
    def longest_gap(self) -> timedelta:
        """The longest time between one of its times and the next; a year, if there is but one."""
        if self.rate is not None:
            return self.rate
        times = islice(self._times(_EPOCH), _SAMPLE)
        return max((later - earlier for earlier, later in pairwise(times)), default=timedelta(days=366))

    @cached_property
    def rate(self) -> timedelta | None:
        """What lies between its times, if it is a ``rate``."""
        match = _RATE.fullmatch(self.text)
        return timedelta(**{f"{match[2]}s": int(match[1])}) if match else None

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ExpressionError(f"{self.time_zone} is no time zone such as Europe/Berlin") from None

    @cached_property
    def _cron(self) -> "_Cron":
        match = _CRON.fullmatch(self.text)
        if match is None:
            raise ExpressionError(
                f"{self.text} is neither rate(N days), with minutes, hours or days, nor "
                "cron(minutes hours day-of-month month day-of-week year)"
            )
        return _Cron(match.groups())

    def _times(self, after: datetime) -> Iterator[datetime]:
        first = after.astimezone(self._zone).date()
        days = (first + timedelta(days=number) for number in range((_LAST - first).days + 1))
        for day in filter(self._cron.has, days):
            for at in self._cron.times:
                moment = datetime.combine(day, at, self._zone).astimezone(UTC)
                # A time that the clocks leave out is left out; one that they show twice is the first.
                if moment > after and moment.astimezone(self._zone).time() == at:
                    yield moment


_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Where gaps are looked for: the same expression always has the same."""


class _Cron:
    """The six fields of a cron expression."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        minutes, hours, month_days, months, weekdays, years = fields
        if (month_days == "?") == (weekdays == "?"):
            raise ExpressionError("one of day-of-month and day-of-week must be ?, and the other must not")
        self.times = [
            time(hour, minute)
            for hour in sorted(_numbers("hours", hours, 0, 23))
            for minute in sorted(_numbers("minutes", minutes, 0, 59))
        ]
        self._months = _numbers("month", months, 1, 12, _MONTHS)
        self._years = _numbers("year", years, 1970, 2199)
        self._days = _month_days(month_days) if weekdays == "?" else _weekdays(weekdays)

    def has(self, day: date) -> bool:
        """Whether it is due on a day."""
        return day.year in self._years and day.month in self._months and self._days(day)


def _numbers(name: str, field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """The numbers that a field lists: ``*``, ``5``, ``1-5``, ``MON``, ``*/15`` or ``3/15``, with commas between."""

    def number(text: str) -> int:
        found = (names or {}).get(text.upper(), int(text) if text.isdecimal() and text.isascii() else -1)
        if not low <= found <= high:
            raise ExpressionError(f"{name} {field}: {text} is not within {low} and {high}")
        return found

    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin = low if span == "*" else number(first)
        end = high if span == "*" or (step and not last) else number(last or first)
        if (step and not (step.isdecimal() and int(step))) or end < begin:
            raise ExpressionError(f"{name} {field}: {item} is no range")
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _month_days(field: str) -> Days:
    if field == "L":
        return lambda day: day.day == _length(day)
    if nearest := re.fullmatch(r"([0-9]{1,2})W", field):
        (wanted,) = _numbers("day-of-month", nearest[1], 1, 31)
        return lambda day: day.day == _workday(day, wanted)
    days = _numbers("day-of-month", field, 1, 31)
    return lambda day: day.day in days


def _weekdays(field: str) -> Days:
    if last := re.fullmatch(r"([1-7]|[A-Za-z]{3})L", field):
        (wanted,) = _numbers("day-of-week", last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == wanted and day.day > _length(day) - 7
    if nth := re.fullmatch(r"([1-7]|[A-Za-z]{3})#([1-5])", field):
        (wanted,), place = _numbers("day-of-week", nth[1], 1, 7, _WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == place
    days = _numbers("day-of-week", "SAT" if field == "L" else field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _workday(day: date, wanted: int) -> int | None:
    """The day of the same month from Monday to Friday that is nearest to the ``wanted`` one."""
    if wanted > _length(day):
        return None
    weekday = date(day.year, day.month, wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < _length(day) else wanted - 2
    return wanted
