"""Files in the inbox that nobody reads, in words."""

from shlex import quote
from typing import NamedTuple

from xcompliance.runs import misplaced
from xcompliance.stack import Stack
from xcompliance.text import count

_MOST_COUNTED, _MOST_NAMED = 100, 3


class Notice(NamedTuple):
    """What was found, in sentences, and what to do about it."""

    found: str
    advice: str


def notice(stack: Stack) -> Notice | None:
    """Return what there is to say of objects outside the folders that are read; None if there are none."""
    keys = misplaced(stack, _MOST_COUNTED)
    if not keys:
        return None
    if len(keys) == 1:
        number = "1 file is"
    else:
        number = f"{count(len(keys))} files{' or more' if len(keys) == _MOST_COUNTED else ''} are"
    named = ", ".join(f"“{key}”" if key.isprintable() else ascii(key) for key in keys[:_MOST_NAMED])
    dots = ", …" if len(keys) > _MOST_NAMED else ""
    bucket = f"s3://{stack['InboxBucketName']}"
    return Notice(
        f"{number} in the inbox where nothing is read, and so not checked: {named}{dots}. A key must begin with "
        "tweets/ or users/, spelled like that, or with datasets/tweets/FOLDER/ or datasets/users/FOLDER/.",
        f"Move each to the folder of its type, such as: aws s3 mv {quote(f'{bucket}/{keys[0]}')} {bucket}/tweets/",
    )
