"""Numbers as people read them: the same in the terminal and in a report."""

from compliance.report.texts import count, duration, moment, size

__all__ = ["count", "duration", "moment", "size"]
