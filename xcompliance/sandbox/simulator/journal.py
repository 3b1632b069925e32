"""What was asked and how it was answered, without a secret: paths are kept, queries are not."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One request. ``status`` is None when there was no answer; bytes are those of the two bodies."""

    at: float
    service: str
    operation: str | None
    method: str
    path: str
    content_range: str | None
    status: int | None
    received: int
    sent: int


class Journal:
    """All requests since the start or the last ``clear``, in the order they were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        """Adds a request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self, operation: str | None = None) -> list[Entry]:
        """The requests, or those of one operation."""
        with self._lock:
            return [entry for entry in self._entries if operation in (None, entry.operation)]

    def clear(self) -> None:
        """Forgets all requests."""
        with self._lock:
            self._entries.clear()
