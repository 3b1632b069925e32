"""When a schedule is due: as EventBridge Scheduler's guide says, also around changes of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from cdk.schedule_expressions import ExpressionError, ScheduleExpression

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


def due(text: str, zone: str = "UTC", after: datetime = NOON) -> str:
    found = ScheduleExpression(text, zone).next_after(after)
    return found.isoformat(" ", "minutes").removesuffix("+00:00") if found else "never"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cron(0 3 ? * MON *)", "2026-11-30 03:00"),
        ("cron(0 3 ? * 2 *)", "2026-11-30 03:00"),
        ("cron(0 3 ? * MON-FRI *)", "2026-11-26 03:00"),
        ("cron(0 3 ? * SUN,WED *)", "2026-11-29 03:00"),
        ("cron(0 13 ? * WED *)", "2026-11-25 13:00"),
        ("cron(0 12 * * ? *)", "2026-11-26 12:00"),
        ("cron(*/15 * * * ? *)", "2026-11-25 12:15"),
        ("cron(5/20 12 * * ? *)", "2026-11-25 12:05"),
        ("cron(0 4 1 * ? *)", "2026-12-01 04:00"),
        ("cron(0 4 1 JAN,jul ? *)", "2027-01-01 04:00"),
        ("cron(0 4 L * ? *)", "2026-11-30 04:00"),
        ("cron(0 4 29 2 ? *)", "2028-02-29 04:00"),
        ("cron(0 4 1W 8 ? *)", "2027-08-02 04:00"),  # the 1st is a Sunday
        ("cron(0 4 31W 1 ? *)", "2027-01-29 04:00"),  # the 31st is a Sunday
        ("cron(0 4 ? * 6L *)", "2026-11-27 04:00"),
        ("cron(0 4 ? * FRIL *)", "2026-11-27 04:00"),
        ("cron(0 4 ? * TUE#1 *)", "2026-12-01 04:00"),
        ("cron(0 4 ? * 3#5 *)", "2026-12-29 04:00"),
        ("cron(0 4 ? * L *)", "2026-11-28 04:00"),
        ("cron(0 4 1 1 ? 2030)", "2030-01-01 04:00"),
        ("rate(7 days)", "2026-12-02 12:00"),
        ("rate(1 hour)", "2026-11-25 13:00"),
    ],
)
def test_it_is_due_next(text: str, expected: str) -> None:
    assert due(text) == expected


def test_it_is_due_in_its_time_zone() -> None:
    assert due("cron(0 3 ? * MON *)", "America/New_York") == "2026-11-30 08:00"
    assert due("cron(0 3 ? * MON *)", "Asia/Kolkata") == "2026-11-29 21:30"


def test_a_time_that_the_clocks_leave_out_is_left_out() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", before) == "2027-03-29 00:30"


def test_a_time_that_the_clocks_show_twice_is_due_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", before) == "2026-10-25 00:30"
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "2026-10-26 01:30"


@pytest.mark.parametrize(
    ("text", "days"),
    [("cron(0 3 ? * MON *)", 7), ("rate(36 hours)", 1.5), ("cron(0 3 1 * ? *)", 31), ("cron(0 3 1 1,2 ? *)", 335)],
)
def test_the_longest_gap_is_told(text: str, days: float) -> None:
    gap = ScheduleExpression(text).longest_gap
    assert timedelta(days=days - 0.5) < gap < timedelta(days=days + 0.5)


@pytest.mark.parametrize(
    ("text", "zone", "says"),
    [
        ("every week", "UTC", "neither"),
        ("rate(0 days)", "UTC", "neither"),
        ("at(2026-12-01T00:00:00)", "UTC", "neither"),
        ("cron(0 3 * * MON *)", "UTC", "must be"),
        ("cron(0 3 ? * ? *)", "UTC", "must be"),
        ("cron(0 24 * * ? *)", "UTC", "24 is not within 0 and 23"),
        ("cron(0 3 ? * MON)", "UTC", "neither"),
        ("cron(0 3 ? * MOO *)", "UTC", "MOO is not within"),
        ("cron(0/0 3 * * ? *)", "UTC", "no range"),
        ("cron(5-1 3 * * ? *)", "UTC", "no range"),
        ("cron(0 3 * * ? 2020)", "UTC", "no time that comes"),
        ("cron(0 3 30 2 ? *)", "UTC", "no time that comes"),
        ("cron(0 3 ? * MON *)", "Mars/Olympus", "no time zone"),
    ],
)
def test_what_scheduler_would_not_take_is_refused(text: str, zone: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        ScheduleExpression(text, zone)
