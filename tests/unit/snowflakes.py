"""Made-up IDs as X gives them, and what programs make of them. Nothing here knows how the code under test judges."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

FIRST = datetime(2010, 11, 4, 22, tzinfo=UTC)
EPOCH_MS = 1_288_834_974_657
YEARS = range(2010, 2027)

Ids = list[int]


def snowflake(ms: int, machine: int, sequence: int) -> int:
    """41 bits of milliseconds since X's epoch, 10 bits of the machine, 12 bits of the sequence [Twitter, 2010]."""
    return (ms - EPOCH_MS) << 22 | machine << 12 | sequence


def _moments(year: int, count: int, days: float, rng: random.Random) -> list[int]:
    """Times within some days of a year, in milliseconds."""
    begin = max(FIRST, datetime(year, 1, 1, tzinfo=UTC))
    begin += (datetime(year + 1, 1, 1, tzinfo=UTC) - timedelta(days=days + 1) - begin) * rng.random()
    start = int(begin.timestamp() * 1000)
    return [start + rng.randrange(int(days * 86_400_000)) for _ in range(count)]


def _sequence(zero: float, rng: random.Random) -> int:
    """A sequence number: 0 with a probability, and each further one as much rarer."""
    number = 0
    while rng.random() > zero and number < 4095:
        number += 1
    return number


def _machines(count: int, rng: random.Random) -> list[int]:
    return rng.sample(range(1024), count)


def firehose(year: int, count: int, rng: random.Random) -> Ids:
    """All posts about something within a day: dozens of machines, busy ones since 2013."""
    zero = 0.97 if year < 2013 else 0.45
    machines = _machines(24, rng)
    return [snowflake(ms, rng.choice(machines), _sequence(zero, rng)) for ms in _moments(year, count, 1, rng)]


def archive(year: int, count: int, rng: random.Random) -> Ids:
    """An account's posts of most of the year, or of as much of 2010 as had snowflakes."""
    zero = 1.0 if year < 2013 else 0.72
    machines = _machines(17, rng)
    return [snowflake(ms, rng.choice(machines), _sequence(zero, rng)) for ms in _moments(year, count, 40, rng)]


def sample(year: int, count: int, rng: random.Random) -> Ids:
    """X's 1 % sample: posts of ten of each thousand milliseconds [Kergl, Roedler, Seeber 2014]."""
    zero = 1.0 if year < 2013 else 0.6
    machines = _machines(12, rng)
    return [
        snowflake(ms // 1000 * 1000 + 657 + rng.randrange(10), rng.choice(machines), _sequence(zero, rng))
        for ms in _moments(year, count, 7, rng)
    ]


def very_busy(year: int, count: int, rng: random.Random) -> Ids:
    """Posts of minutes in which a machine gives several IDs in each millisecond."""
    machines = _machines(20, rng)
    return [snowflake(ms, rng.choice(machines), _sequence(0.15, rng)) for ms in _moments(year, count, 0.02, rng)]


STYLES: tuple[Callable[[int, int, random.Random], Ids], ...] = (firehose, archive, sample, very_busy)


def excel(number: int) -> int:
    """Excel keeps 15 digits of what is typed or imported."""
    return int(Context(prec=15, rounding=ROUND_DOWN).create_decimal(number))


def sheets(number: int) -> int:
    """Other spreadsheets, and R, print 15 digits of a float."""
    return int(Context(prec=15, rounding=ROUND_HALF_EVEN).create_decimal(Decimal(float(number))))


def scientific(number: int) -> int:
    """Excel shows six digits, which another program takes for all there are."""
    return int(Decimal(f"{number:.5e}"))


def printed_16(number: int) -> int:
    """A float with 16 digits, such as %.16g."""
    return int(Decimal(f"{float(number):.16g}"))


def javascript(number: int) -> int:
    """The shortest digits that give the same float."""
    return int(Decimal(repr(float(number))))


def exact_float(number: int) -> int:
    """A float that becomes an integer again, as pandas and Parquet do."""
    return int(float(number))
