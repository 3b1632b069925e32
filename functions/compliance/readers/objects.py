"""What a JSON object is, and which of its fields is the ID: by positive evidence, for the tools in use.

A field is chosen as the column of a table is (``columns``). That is done once for each set of names.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from compliance import columns
from compliance.ids import NOTICE
from compliance.runs import JobType

Fields = dict[str, msgspec.Raw]
"""The fields of an object; values stay as they are written."""

Texts = str | list[str]
"""What an object gives: one line, or as many as a page has posts."""

MAX_NAMES = 60
"""Characters of an object's names that a reject shows. The values stay where they are."""

_MAX_SHAPES = 10_000
"""Sets of names that are remembered at most."""

DECODING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""Errors that decoding raises for text that is not JSON, not UTF-8, or nested too deeply."""

_NULL, _EMPTY = msgspec.Raw(b"null"), msgspec.Raw(b'""')

_PAGE = frozenset(("data", "includes", "meta", "errors", "matching_rules", "__twarc"))
_PAGE_WITHOUT_DATA = frozenset(("data", "meta", "errors"))
"""Fields of a page of X's API v2 as it is answered, streamed, or written by twarc2; some come without data."""

_INCLUDES = frozenset(("users", "tweets", "media", "places", "polls", "topics"))
"""Fields of a ``users_*.json`` of academictwitteR."""

_NOTICES = frozenset(
    (
        *("delete", "scrub_geo", "limit", "status_withheld", "user_withheld", "disconnect", "warning", "control"),
        *("friends", "friends_str"),
    )
)
"""What a stream of API v1.1 says besides posts, each in an object of its own [X, Streaming message types]."""

_EVENT = frozenset(("event", "source", "target"))
_PEOPLE = ("user", "author")
_NESTED = _PAGE | _INCLUDES | _NOTICES | {*_PEOPLE, "event", "legacy", "source_platform"}
"""Names of fields that say what an object is by what is in them."""


class _Person(msgspec.Struct, gc=False):
    id: msgspec.Raw = msgspec.Raw()
    id_str: msgspec.Raw = msgspec.Raw()
    rest_id: msgspec.Raw = msgspec.Raw()


_decode_fields = msgspec.json.Decoder(Fields).decode
_decode_all_fields = msgspec.json.Decoder(list[Fields]).decode
_decode_person = msgspec.json.Decoder(_Person).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_leniently = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).decode


_NO_NUMBER = re.compile(rb"(?<=[:,\[\s])(NaN|-?Infinity)(?=[\s,\]}])")


def with_odd_numbers_as_text(lines: bytes) -> bytes:
    """The same JSON with NaN and Infinity, which Python writes though JSON has neither, as texts."""
    return _NO_NUMBER.sub(rb'"\1"', lines) if b"NaN" in lines or b"Infinity" in lines else lines


def fields_of(line: bytes) -> Fields | None:
    """The fields of an object, also of one with NaN or with text that is not UTF-8; None for no JSON."""
    try:
        return _decode_fields(with_odd_numbers_as_text(line))
    except DECODING:
        pass
    try:
        value: Any = _decode_leniently(line.decode(errors="replace").strip())
        return _decode_fields(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


class Objects:
    """Reads the IDs of posts, or of their authors and of users, out of objects.

    ``field`` names the field of the ID, with dots for one within another, where the file's owner says which it is.
    """

    def __init__(self, job_type: JobType, field: str | None = None) -> None:
        self._type = job_type
        self._field = field
        self._chosen: dict[tuple[str, ...], int | str] = {}
        self._certain: dict[tuple[str, ...], str | None] = {}

    def texts_of_all(self, objects: Sequence[Fields]) -> list[Texts]:
        """``texts`` of each object; faster where all have the same certain field, with nothing but digits in it."""
        names = {self._name(shape) for shape in set(map(tuple, objects))}
        if len(names) == 1 and (name := names.pop()):
            values = b"\n".join([fields[name] for fields in objects])
            if not values.translate(None, b'0123456789"\n') and b'""' not in values:
                return [*values.replace(b'"', b"").decode().split("\n")]
        return list(map(self.texts, objects))

    def name_of_id(self, fields: Fields) -> str | None:
        """Return the name of the field that an object's ID is read from, with dots for one within another.

        Of a page it is that of its first member. None if there is no ID.
        """
        if self._field is not None:
            return None if _at(fields, self._field) is None else self._field
        members = [] if _is_notice(fields) else self._members(fields)
        if members is None:
            return self._own(fields)[0]
        first = next(iter(members), None)
        member = first if isinstance(first, dict) else fields_of(bytes(first)) if first is not None else None
        return self._own(member)[0] if member else None

    def texts(self, fields: Fields) -> Texts:
        """The ID of an object, or those of a page, or NOTICE, or what is said instead."""
        name = self._name(tuple(fields))
        if name is None:
            return self._nested_texts(fields)
        if name:
            value = bytes(fields[name])
            if value[:1].isdigit():
                return value.decode()
            if value[:1] == b'"' and len(value) > 2 and b"\\" not in value:
                return value[1:-1].decode(errors="replace")
        return self._text(fields)

    def _name(self, shape: tuple[str, ...]) -> str | None:
        if shape not in self._certain:
            _make_room(self._certain)
            self._certain[shape] = self._certain_name(shape)
        return self._certain[shape]

    def _certain_name(self, shape: tuple[str, ...]) -> str | None:
        """The field of the ID where it is the same whichever others are null; empty where there is none or it depends.

        None where it takes more than the names to tell what the object is.
        """
        if not shape or not _NESTED.isdisjoint(shape):
            return None
        if self._field is not None:
            return ""
        index = columns.chosen(shape, self._type)
        if isinstance(index, str):
            return ""
        name = shape[index]
        is_certain = all(columns.chosen((name, other), self._type) == 0 for other in shape if other != name)
        return name if is_certain else ""

    def _nested_texts(self, fields: Fields) -> Texts:
        if _is_notice(fields):
            return NOTICE
        members = self._members(fields)
        if members is None:
            return self._text(fields)
        return list(map(self._of_member, members)) or ""

    def _members(self, fields: Fields) -> Sequence[Fields | msgspec.Raw] | None:
        """The posts or users that an object is made of, in their order; None if it is one itself, or none of both."""
        names = fields.keys()
        if "source_platform" in names and _is_object(data := fields.get("data", _NULL)):
            return [data]  # Zeeschuimer, for 4CAT
        if names and names <= _PAGE:
            data = fields.get("data", _NULL)
            if data == _NULL:
                return [] if names & _PAGE_WITHOUT_DATA else None
            return _list(data) if _is_list(data) else [data]
        if "users" in names and names <= _INCLUDES and _is_list(found := fields.get(self._type, _NULL)):
            return _list(found)
        return None

    def _of_member(self, member: Fields | msgspec.Raw) -> str:
        if not isinstance(member, dict):
            text = bytes(member)
            if not text.startswith(b"{"):
                return _text_of(member) if text[:1].isdigit() or text.startswith((b'"', b"-")) else "no object"
            member = fields_of(text) or {}
        found = "" if self._name(tuple(member)) is None else self.texts(member)
        return found if found and isinstance(found, str) else self._text(member)

    def _text(self, fields: Fields) -> str:
        """An object's own ID, or what it is instead."""
        found = self._own(fields)[1] if self._field is None else _at(fields, self._field)
        if found is not None:
            return _text_of(found)
        wanted = "a post" if self._type == "tweets" else "a user"
        return f"no ID of {wanted} in an object of {', '.join(fields)[:MAX_NAMES]}"

    def _own(self, fields: Fields) -> tuple[str, msgspec.Raw] | tuple[None, None]:
        """The field of an object's own ID, and its value."""
        if "legacy" in fields and _is_object(fields["legacy"]):
            # X's website has most fields one level down.
            fields = fields | (fields_of(bytes(fields["legacy"])) or {})
        found = {name: value for name, value in fields.items() if value not in (_NULL, _EMPTY)}
        for person in _PEOPLE:
            if _is_object(fields.get(person, _NULL)):
                found |= self._within(person, fields[person])
        shape = tuple(found)
        index = self._chosen.get(shape)
        if index is None:
            _make_room(self._chosen)
            index = self._chosen[shape] = columns.chosen(shape, self._type)
        return (None, None) if isinstance(index, str) else (shape[index], found[shape[index]])

    def _within(self, person: str, value: msgspec.Raw) -> dict[str, msgspec.Raw]:
        """The IDs of a post's author, by their paths; one without a value says that there is an author."""
        if self._type == "users":
            try:
                found = _decode_person(value)
            except DECODING:
                found = _Person()
            ids = {"id_str": found.id_str, "rest_id": found.rest_id, "id": found.id}
            for name, each in ids.items():
                if each and each not in (_NULL, _EMPTY):
                    return {f"{person}.{name}": each}
        return {f"{person}.": _NULL}


def _make_room(shapes: dict[tuple[str, ...], Any]) -> None:
    if len(shapes) >= _MAX_SHAPES:
        shapes.clear()


def _is_notice(fields: Fields) -> bool:
    names = fields.keys() - {"timestamp_ms"} if len(fields) == 2 else fields.keys()
    return (len(names) == 1 and names <= _NOTICES and not _is_scalar(fields)) or names >= _EVENT


def _is_scalar(fields: Fields) -> bool:
    return not any(_is_object(value) or _is_list(value) for value in fields.values())


def _at(fields: Fields, path: str) -> msgspec.Raw | None:
    """The field that is named, as it is spelled or else without case and separators; a path leads into objects."""
    index = columns.named(list(fields), path)
    if isinstance(index, int):
        value = fields[list(fields)[index]]
        return None if value in (_NULL, _EMPTY) else value
    head, dot, rest = path.partition(".")
    if dot and head in fields and _is_object(fields[head]):
        within = fields_of(bytes(fields[head]))
        return None if within is None else _at(within, rest)
    return None


def _is_object(value: msgspec.Raw) -> bool:
    return bytes(memoryview(value)[:1]) == b"{"


def _is_list(value: msgspec.Raw) -> bool:
    return bytes(memoryview(value)[:1]) == b"["


def _list(value: msgspec.Raw) -> Sequence[Fields | msgspec.Raw]:
    try:
        return _decode_all_fields(value)
    except DECODING:
        return _decode_list(value)


def _text_of(value: msgspec.Raw) -> str:
    """A value as text: a number as it is written."""
    text = bytes(value)
    if text.startswith(b'"'):
        return str(json.loads(text.decode(errors="replace"))) if b"\\" in text else text[1:-1].decode(errors="replace")
    return text.decode(errors="replace") if text[:1].isdigit() else text[:MAX_NAMES].decode(errors="replace")
