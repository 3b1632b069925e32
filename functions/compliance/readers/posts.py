"""Posts and users in JSON, an object or a page of them on each line, as X's API and the tools around it write them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import methodcaller
from typing import cast

import msgspec

from compliance.ids import BOM
from compliance.readers.objects import MAX_NAMES, Fields, Objects, Texts, fields_of, with_odd_numbers_as_text
from compliance.readers.texts import lines_of
from compliance.runs import JobType

MAX_RECORD = 8 << 20
"""Bytes of a line at most; a longer one is rejected without being held in memory. A page of 500 posts with all that X
adds to them has some 3 MB. What 8 MiB of JSON become in memory is 500 MB at most."""

_IS_OBJECT = methodcaller("startswith", b"{")
_DECODING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Person(msgspec.Struct, gc=False):
    id: str | int | None = None
    id_str: str | int | None = None


class _Post(msgspec.Struct, gc=False):
    """What tells a post of X's API, and what may make it something else."""

    id: str | int | None = None
    id_str: str | int | None = None
    author_id: str | int | None = None
    author: _Person | str | int | None = None
    user: _Person | str | int | None = None
    text: msgspec.Raw = msgspec.Raw()
    full_text: msgspec.Raw = msgspec.Raw()
    tweet_id: msgspec.Raw = msgspec.Raw()
    tweetId: msgspec.Raw = msgspec.Raw()  # noqa: N815 -- as it is spelled
    user_id: msgspec.Raw = msgspec.Raw()
    userId: msgspec.Raw = msgspec.Raw()  # noqa: N815
    user_id_str: msgspec.Raw = msgspec.Raw()
    from_user_id: msgspec.Raw = msgspec.Raw()


class _Page(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"twarc": "__twarc"}):
    data: list[_Post] | _Post
    includes: msgspec.Raw = msgspec.Raw()
    meta: msgspec.Raw = msgspec.Raw()
    errors: msgspec.Raw = msgspec.Raw()
    matching_rules: msgspec.Raw = msgspec.Raw()
    twarc: msgspec.Raw = msgspec.Raw()


_decode_posts = msgspec.json.Decoder(_Post).decode_lines
_decode_page = msgspec.json.Decoder(_Page).decode
_decode_fields = msgspec.json.Decoder(Fields).decode_lines


def id_lines(blocks: Iterator[bytes], job_type: JobType, field: str | None = None) -> Iterator[bytes]:
    """Yield the IDs of the posts, or of their authors when ``users`` are to be checked, a line for each record.

    A page of 100 posts gives 100 lines; an empty one gives a blank line, as a blank line does. What X includes beside a
    page's ``data`` is left alone. A notice of a stream gives NOTICE. A record without such an ID gives a line that says
    what it is instead. A line that is no object is given as it is, so that bare IDs are read.

    ``field`` names the field of the ID, if the file's owner says which it is.
    """
    reader = _Reader(job_type, field)
    is_first = True
    for lines in _split(blocks):
        if is_first and lines:
            lines[0] = lines[0].removeprefix(BOM)
            is_first = False
        yield lines_of(reader.texts(lines))


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


class _Reader:
    """Reads many lines at a time: posts as X's API writes them by the few fields that tell them, all else by all."""

    def __init__(self, job_type: JobType, field: str | None) -> None:
        self._objects = Objects(job_type, field)
        self._id_of = _POST_ID[job_type]
        self._are_posts = field is None

    def texts(self, lines: Sequence[bytes]) -> Sequence[str]:
        """The IDs in some lines, or what is said instead of them."""
        if all(map(_IS_OBJECT, lines)) and max(map(len, lines)) <= MAX_RECORD:
            return _flat(self._of_objects(lines))
        stripped = [line.strip() for line in lines]
        is_object = [text[:1] == b"{" and len(line) <= MAX_RECORD for line, text in zip(lines, stripped, strict=True)]
        found: list[Texts] = [_no_object(line) for line in lines]
        for index, texts in zip(
            compress(range(len(lines)), is_object), self._of_objects(list(compress(stripped, is_object))), strict=True
        ):
            found[index] = texts
        return _flat(found)

    def _of_objects(self, objects: Sequence[bytes]) -> list[Texts]:
        if not self._are_posts or not objects:
            return self._of_any(objects)
        is_page = objects[0].startswith(b'{"data"')
        found = list(map(self._of_page, objects)) if is_page else self._of_posts(objects)
        others = [index for index, ids in enumerate(found) if ids is None]
        self._are_posts = is_page or len(others) * 2 <= len(objects)
        for index, ids in zip(others, self._of_any([objects[index] for index in others]), strict=True):
            found[index] = ids
        return cast(list[Texts], found)

    def _of_posts(self, objects: Sequence[bytes]) -> list[Texts | None]:
        """The ID of each post that X's API wrote; None for anything else."""
        try:
            posts = _decode_posts(b"\n".join(objects))
        except _DECODING:
            posts = []
        return list(map(self._id_of, posts)) if len(posts) == len(objects) else [None] * len(objects)

    def _of_page(self, line: bytes) -> Texts | None:
        """The same for all posts of a page."""
        try:
            data = _decode_page(line).data
        except _DECODING:
            return None
        ids = list(map(self._id_of, data if isinstance(data, list) else [data]))
        return cast(list[str], ids) if ids and None not in ids else None

    def _of_any(self, objects: Sequence[bytes]) -> list[Texts]:
        try:
            all_fields = _decode_fields(with_odd_numbers_as_text(b"\n".join(objects)))
        except _DECODING:
            all_fields = []
        if objects and len(all_fields) == len(objects):
            return self._objects.texts_of_all(all_fields)
        return list(map(self._of_one, objects))

    def _of_one(self, line: bytes) -> Texts:
        fields = fields_of(line)
        if fields is not None:
            return self._objects.texts(fields)
        if line.endswith(b",") and fields_of(line[:-1]) is not None:
            return "a comma after an object"
        return f"no JSON: {line[:MAX_NAMES].decode(errors='replace')}"


def _no_object(line: bytes) -> str:
    if len(line) > MAX_RECORD:
        return f"a line of more than {MAX_RECORD >> 20} MiB"
    return line.decode(errors="replace")


def _flat(found: Sequence[Texts]) -> Sequence[str]:
    if list not in set(map(type, found)):
        return cast(Sequence[str], found)
    return [text for texts in found for text in ((texts,) if isinstance(texts, str) else texts)]


def _post_id(post: _Post) -> str | None:
    if not (post.text or post.full_text) or post.tweet_id or post.tweetId:
        return None
    if post.id_str:
        return str(post.id_str) if isinstance(post.user, _Person) else None
    return post.id or None if post.author_id and isinstance(post.id, str) else None


def _author_id(post: _Post) -> str | None:
    """The ID of a post's author where only one field tells it."""
    if not (post.text or post.full_text) or post.user_id or post.userId or post.user_id_str or post.from_user_id:
        return None
    if post.author_id:
        return None if isinstance(post.user, _Person) else str(post.author_id)
    if isinstance(post.user, _Person) and not isinstance(post.author, _Person):
        found = post.user.id_str or post.user.id
        return str(found) if found else None
    return None


_POST_ID: dict[JobType, Callable[[_Post], str | None]] = {"tweets": _post_id, "users": _author_id}
