"""Numbers as people read them: the same in the terminal and in a report."""

from compliance.report.texts import count, dollars, duration, moment, size

__all__ = ["count", "dollars", "duration", "moment", "size"]
