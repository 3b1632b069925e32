"""Numbers and times as people read them."""

from datetime import datetime


def count(number: int) -> str:
    """``250,000``."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """``1 part`` or ``1,200 parts``."""
    return f"{count(number)} {one if number == 1 else many}"


def size(number: int) -> str:
    """Bytes as ``5.3 MB`` (10^6 bytes), smaller ones as ``41 kB``."""
    return f"{number / 1e6:,.1f} MB" if number >= 100_000 else f"{round(number / 1000) or min(number, 1)} kB"


def share(number: int, whole: int) -> str:
    """``12.3 %``; what is something is never shown as nothing, nor a part as the whole."""
    percent = 100 * number / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %"


def duration(seconds: float) -> str:
    """``8.2 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def moment(time: datetime) -> str:
    """``2026-11-23 12:41``, in UTC."""
    return f"{time:%Y-%m-%d %H:%M}"


def second(time: datetime) -> str:
    """``2026-11-23 12:41:20``, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def day(time: datetime) -> str:
    """``23 November 2026``."""
    return f"{time.day} {time:%B %Y}"


def shortened(text: str, most: int) -> str:
    """At most so many characters of a text: its beginning and, as names tell more there, its end."""
    if len(text) <= most:
        return text
    tail = 2 * most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def dollars(amount: float) -> str:
    """``$12.34``, of less than ten cents as much as counts: ``$0.0017``."""
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.4f}" if amount >= 0.001 else f"${amount:.6f}"
