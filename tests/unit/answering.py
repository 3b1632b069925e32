"""Lines of X's answer."""

import json
from typing import Any

RECORD = {
    "id": "1800000000000000001",
    "action": "delete",
    "created_at": "2019-10-29T17:02:47.000Z",
    "reason": "deleted",
}


def lines(*records: Any, separators: tuple[str, str] = (",", ":")) -> bytes:
    """A line of JSON for each record."""
    return b"".join(json.dumps(each, separators=separators).encode() + b"\n" for each in records)
