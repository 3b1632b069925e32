"""Objects of the inbox that nobody reads: an item each in the runs table, for as long as the object is there."""

from boto3.dynamodb.conditions import Attr

from adapters import items

LISTING = "MISPLACED"
"""The items are in the index RunsByStart, beside runs, so that who lists runs can list them."""


def note(key: str, dropped_at: str) -> bool:
    """Put down that an object was dropped at that time (ISO 8601); return False if it was put down before."""
    item = {**_key(key), "listing": LISTING, "started_at": dropped_at}
    return items.put(item, Attr("pk").not_exists())


def forget(key: str) -> None:
    """Take an object off the list that is gone."""
    items.delete(_key(key), None)


def _key(key: str) -> dict[str, str]:
    return {"pk": LISTING, "sk": key}
