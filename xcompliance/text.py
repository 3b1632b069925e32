"""Numbers as people read them."""

from datetime import datetime


def count(number: int) -> str:
    """``250,000``."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes as ``5.3 MB`` (10^6 bytes), smaller ones as ``41 kB``."""
    return f"{number / 1e6:,.1f} MB" if number >= 100_000 else f"{round(number / 1000) or min(number, 1)} kB"


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


def dollars(amount: float) -> str:
    """``$12.34``, of less than ten cents as much as counts: ``$0.0017``."""
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.4f}" if amount >= 0.001 else f"${amount:.6f}"
