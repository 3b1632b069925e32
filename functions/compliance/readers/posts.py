"""Posts and users in JSON, one object or one page of them on each line, as X's API and twarc write them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from compliance.ids import BOM
from compliance.readers.texts import lines_of
from compliance.runs import JobType

MAX_RECORD = 8 << 20
"""Bytes of a line at most; a longer one is rejected without being held in memory. A page of 500 posts with all that X
adds to them has some 3 MB. What 8 MiB of JSON become in memory is 500 MB at most."""

MAX_NAMES = 60
"""Characters of an object's names that a reject shows. The values stay where they are."""


class Record(msgspec.Struct, gc=False):
    """What is read of a post, a user or a page.

    A post has its author as ``author_id`` (API v2), as ``author`` (v2 once twarc2 has flattened it) or as ``user``
    (v1.1). A page has as ``data`` posts or users, or a single one. Of texts and names it matters only whether they are
    there.
    """

    id: str | int | None = None
    id_str: str | int | None = None
    tweet_id: str | int | None = None
    user_id: str | int | None = None
    author_id: str | int | None = None
    author: "Record | str | int | None" = None
    user: "Record | str | int | None" = None
    username: msgspec.Raw = msgspec.Raw()
    screen_name: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
    full_text: msgspec.Raw = msgspec.Raw()
    data: "list[Record] | Record | None" = None


_decode = msgspec.json.Decoder(Record).decode
_NULL = msgspec.Raw(b"null")
_THERE = msgspec.Raw(b"true")


def id_lines(blocks: Iterator[bytes], job_type: JobType) -> Iterator[bytes]:
    """Yields the IDs of the posts, or of their authors when ``users`` are to be checked, a line for each record.

    A page of 100 posts gives 100 lines; an empty one gives a blank line, as a blank line does. What X includes beside a
    page's ``data`` is left alone. A record without such an ID gives a line that says what it is instead. A line that is
    no object is given as it is, so that bare IDs are read.
    """
    is_first = True
    for lines in _split(blocks):
        if is_first and lines:
            lines[0] = lines[0].removeprefix(BOM)
            is_first = False
        yield lines_of([text for line in lines for text in _texts(line, job_type)])


def _split(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines without their newlines, block by block; of one that is too long some beginning is kept."""
    pieces: list[bytes] = []
    held = 0
    for block in blocks:
        piece, newline, more = block.partition(b"\n")
        if held <= MAX_RECORD:
            pieces.append(piece)
            held += len(piece)
        if newline:
            lines = [b"".join(pieces), *more.split(b"\n")]
            pieces = [lines.pop()]
            held = len(pieces[0])
            yield lines
    if held:
        yield [b"".join(pieces)]


def _texts(line: bytes, job_type: JobType) -> list[str]:
    """The IDs in a line, or what is said instead of them."""
    if len(line) > MAX_RECORD:
        return [f"a line of more than {MAX_RECORD >> 20} MiB"]
    if not line.lstrip().startswith(b"{"):
        return [line.decode(errors="replace")]
    try:
        record = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _odd_texts(line, job_type)
    if record.data is None:
        found = _ID_OF[job_type](record)
        return [str(found)] if found is not None else _odd_texts(line, job_type)
    ids = list(map(_ID_OF[job_type], _members(record)))
    return list(map(str, ids)) if ids and None not in ids else _odd_texts(line, job_type)


def _members(record: Record) -> list[Record]:
    """The posts or users of a page, or the record itself. What has an ID of its own is no page."""
    if record.id is not None or record.id_str is not None:
        return [record]
    return record.data if isinstance(record.data, list) else [record.data or record]


def _post_id(post: Record) -> str | int | None:
    if (post.username or post.screen_name) and _is_named(post) and not _is_post(post):
        return None
    return _first(post.id_str, post.id, post.tweet_id)


def _user_id(record: Record) -> str | int | None:
    """A post's author, or a user's own ID. A post whose author is not told has none: its ID is not a user's."""
    for author in (record.author, record.user):
        if isinstance(author, Record):
            return _first(record.author_id, author.id_str, author.id)
    if record.author_id or record.user_id or _is_post(record):
        return _first(record.author_id, record.user_id)
    return _first(record.id_str, record.id)


def _is_named(record: Record) -> bool:
    return _is_there(record.username) or _is_there(record.screen_name)


def _is_post(record: Record) -> bool:
    return (
        record.author_id is not None
        or record.tweet_id is not None
        or isinstance(record.author, Record)
        or isinstance(record.user, Record)
        or _is_there(record.text)
        or _is_there(record.full_text)
    )


def _is_there(value: msgspec.Raw) -> bool:
    return bool(value) and value != _NULL


def _first(*ids: str | int | None) -> str | int | None:
    """The first one that is there. ``id_str`` goes before ``id``, which JavaScript rounds."""
    for each in ids:
        if each is not None and each != "":
            return each
    return None


_ID_OF: dict[JobType, Callable[[Record], str | int | None]] = {"tweets": _post_id, "users": _user_id}


def _odd_texts(line: bytes, job_type: JobType) -> list[str]:
    """The same for a line that is not as ``Record`` has it, or that lacks an ID. Numbers stay as they are written."""
    try:
        value = json.loads(line.decode(errors="replace"), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return [f"no JSON: {line[:MAX_NAMES].decode(errors='replace')}"]
    members = _odd_members(value)
    return [_odd_text(member, job_type) for member in members] or [""]


def _odd_members(value: dict[str, Any]) -> list[Any]:
    if value.get("id") is None and value.get("id_str") is None:
        match value.get("data"):
            case list() as members:
                return members
            case dict() as member:
                return [member]
            case None if "meta" in value or "errors" in value:
                return []
    return [value]


def _odd_text(member: Any, job_type: JobType) -> str:
    if not isinstance(member, dict):
        return member if isinstance(member, str) else "no object"
    found = _ID_OF[job_type](_record_of(member))
    if found is not None:
        return str(found)
    wanted = "a post" if job_type == "tweets" else "a user"
    return f"no ID of {wanted} in an object of {', '.join(member)[:MAX_NAMES]}"


def _record_of(member: dict[str, Any]) -> Record:
    values: dict[str, Any] = {
        name: _id_text(member.get(name)) for name in ("id", "id_str", "tweet_id", "user_id", "author_id")
    }
    for name in ("author", "user"):
        person = member.get(name)
        if isinstance(person, dict):
            values[name] = Record(id=_id_text(person.get("id")), id_str=_id_text(person.get("id_str")))
    for name in ("username", "screen_name", "text", "full_text"):
        if member.get(name) is not None:
            values[name] = _THERE
    return Record(**values)


def _id_text(value: Any) -> str | None:
    """Numbers are texts by now; what is neither can be no ID, and is said as it is."""
    return value if value is None or isinstance(value, str) else json.dumps(value)[:MAX_NAMES]
