"""Reads policies of IAM."""

from typing import Any


def listed(value: Any) -> list[Any]:
    """What a statement says of its actions or resources, where one may stand without a list."""
    return value if isinstance(value, list) else [value]
