"""Posts and users in JSON, an object or a page of them on each line, as X's API and the tools around it write them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import methodcaller
from typing import cast

import msgspec

from compliance.ids import BOM
from compliance.readers.objects import DECODING, MAX_NAMES, Fields, Objects, Texts, fields_of, with_odd_numbers_as_text
from compliance.readers.stored import Page, Stored, embedded, page_of, plain, stored_of, stored_of_all
from compliance.readers.texts import lines_of
from compliance.runs import JobType

MAX_RECORD = 8 << 20
"""Bytes of a line at most; a longer one is rejected without being held in memory. A page of 500 posts with all that X
adds to them has some 3 MB. What 8 MiB of JSON become in memory is 500 MB at most."""

_IS_OBJECT = methodcaller("startswith", b"{")


_decode_fields = msgspec.json.Decoder(Fields).decode_lines


def id_lines(
    blocks: Iterator[bytes], job_type: JobType, field: str | None = None, *, reads_embedded: bool = False
) -> Iterator[bytes]:
    """Yield the IDs of the posts, or of their authors when ``users`` are to be checked, a line for each record.

    A page of 100 posts gives 100 lines; an empty one gives a blank line, as a blank line does. If ``reads_embedded``,
    the IDs of the posts or users that are stored within a record follow it, each behind EMBEDDED on a line of its own.
    A notice of a stream gives NOTICE. A record without such an ID gives a line that says what it is instead. A line
    that is no object is given as it is, so that bare IDs are read.

    ``field`` names the field of the ID, if the file's owner says which it is.
    """
    reader = _Reader(job_type, field, reads_embedded=reads_embedded)
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

    def __init__(self, job_type: JobType, field: str | None, *, reads_embedded: bool) -> None:
        self._objects = Objects(job_type, field)
        self._type: JobType = job_type
        self._id_of = _POST_ID[job_type]
        self._are_posts = field is None
        self._reads_embedded = reads_embedded

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
        if not objects:
            return []
        is_page = objects[0].startswith(b'{"data"')
        lines = b"\n".join(objects)
        # If no object stands within another, there are no copies.
        has_copies = self._reads_embedded and lines.count(b"{") > len(objects)
        records: Sequence[Stored | Page | None] = [None] * len(objects)
        if self._are_posts or has_copies:
            records = list(map(page_of, objects)) if is_page else stored_of_all(lines, len(objects))
        found = list(map(self._own, records))
        others = [index for index, ids in enumerate(found) if ids is None]
        self._are_posts &= is_page or len(others) * 2 <= len(objects)
        for index, ids in zip(others, self._of_any([objects[index] for index in others]), strict=True):
            found[index] = ids
        texts = cast(list[Texts], found)
        return list(map(self._with_embedded, objects, records, texts)) if has_copies else texts

    def _own(self, record: Stored | Page | None) -> Texts | None:
        """The ID of a post that X's API wrote, or those of all posts of a page; None for anything else."""
        if not self._are_posts or record is None:
            return None
        if isinstance(record, Stored):
            return self._id_of(record)
        ids = list(map(self._id_of, record.data if isinstance(record.data, list) else [record.data]))
        return cast(list[str], ids) if ids and None not in ids else None

    def _with_embedded(self, line: bytes, record: Stored | Page | None, texts: Texts) -> Texts:
        record = record or stored_of(line)
        within = embedded(record, self._type) if record else []
        if not within:
            return texts
        own = [texts] if isinstance(texts, str) else texts
        return [*own, *within]

    def _of_any(self, objects: Sequence[bytes]) -> list[Texts]:
        try:
            all_fields = _decode_fields(with_odd_numbers_as_text(b"\n".join(objects)))
        except DECODING:
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


def _post_id(post: Stored) -> str | None:
    if not (post.text or post.full_text) or post.tweet_id or post.tweetId:
        return None
    if post.id_str:
        return plain(post.id_str) if isinstance(post.user, Stored) else None
    return post.id or None if post.author_id and isinstance(post.id, str) else None


def _author_id(post: Stored) -> str | None:
    """The ID of a post's author where only one field tells it."""
    if not (post.text or post.full_text) or post.user_id or post.userId or post.user_id_str or post.from_user_id:
        return None
    if post.author_id:
        return None if isinstance(post.user, Stored) else plain(post.author_id)
    if isinstance(post.user, Stored) and not isinstance(post.author, Stored):
        return plain(post.user.id_str or post.user.id) or None
    return None


_POST_ID: dict[JobType, Callable[[Stored], str | None]] = {"tweets": _post_id, "users": _author_id}
