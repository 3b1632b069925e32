"""Posts and users as they are stored in JSON, with the copies of others that stand within a record.

A copy is a whole post or profile: of a retweet, a quote, a reply, a pinned post, an author, or what X includes beside a
page's posts. A bare reference, such as ``{"type": "quoted", "id": "20"}``, is none.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from compliance.ids import Embedded
from compliance.readers.objects import DECODING, fields_of
from compliance.runs import JobType

_Scalar = str | int | float | bool | None


class Stored(msgspec.Struct, gc=False):
    """A post, a user, or what wraps one, by the fields that tell it and those that may hold a copy of another."""

    id: "Found" = None
    id_str: "Found" = None
    rest_id: "Found" = None
    author_id: "Found" = None
    author: "Found" = None
    user: "Found" = None
    in_reply_to_user: "Found" = None
    inReplyToUser: "Found" = None  # noqa: N815 -- as it is spelled
    text: msgspec.Raw = msgspec.Raw()
    full_text: msgspec.Raw = msgspec.Raw()
    rawContent: msgspec.Raw = msgspec.Raw()  # noqa: N815
    content: msgspec.Raw = msgspec.Raw()
    username: msgspec.Raw = msgspec.Raw()
    userName: msgspec.Raw = msgspec.Raw()  # noqa: N815
    screen_name: msgspec.Raw = msgspec.Raw()
    tweet_id: msgspec.Raw = msgspec.Raw()
    tweetId: msgspec.Raw = msgspec.Raw()  # noqa: N815
    user_id: msgspec.Raw = msgspec.Raw()
    userId: msgspec.Raw = msgspec.Raw()  # noqa: N815
    user_id_str: msgspec.Raw = msgspec.Raw()
    from_user_id: msgspec.Raw = msgspec.Raw()
    retweeted_status: "Found" = None
    quoted_status: "Found" = None
    retweeted_tweet: "Found" = None
    quoted_tweet: "Found" = None
    retweetedTweet: "Found" = None  # noqa: N815
    quotedTweet: "Found" = None  # noqa: N815
    retweet: "Found" = None
    quote: "Found" = None
    pinned_tweet: "Found" = None
    status: "Found" = None
    referenced_tweets: "Found" = None
    retweeted_status_result: "Found" = None
    quoted_status_result: "Found" = None
    includes: "Found" = None
    tweets: "Found" = None
    users: "Found" = None
    data: "Found" = None
    legacy: "Found" = None
    core: "Found" = None
    user_results: "Found" = None
    result: "Found" = None
    tweet: "Found" = None


Found = Stored | list[Stored | _Scalar] | _Scalar


class Page(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"twarc": "__twarc"}):
    """A page of X's API v2 as it is answered, streamed, or written by twarc2."""

    data: list[Stored] | Stored
    includes: Found = None
    meta: msgspec.Raw = msgspec.Raw()
    errors: msgspec.Raw = msgspec.Raw()
    matching_rules: msgspec.Raw = msgspec.Raw()
    twarc: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(Stored).decode
_decode_lines = msgspec.json.Decoder(Stored).decode_lines
_decode_page = msgspec.json.Decoder(Page).decode
_LARGE, _SPARSE = 64 << 10, 16
"""So many bytes of JSON with an object in so many bytes or fewer are no posts: they would take 400 bytes each."""

_COPIES = (
    *("retweeted_status", "quoted_status", "retweeted_tweet", "quoted_tweet", "retweetedTweet", "quotedTweet"),
    *("retweet", "quote", "pinned_tweet", "status", "referenced_tweets"),
    *("retweeted_status_result", "quoted_status_result"),
)
_AUTHORS = ("author", "user")
_PROFILES = ("in_reply_to_user", "inReplyToUser")
_INCLUDES = ("includes",)
_MEMBERS = ("legacy", "data", "tweets", "users")
_ROLES = {name: role for role in (_COPIES, _AUTHORS, _PROFILES, _INCLUDES, _MEMBERS) for name in role}
_held = attrgetter(*_ROLES)
_NOTHING = (None,) * len(_ROLES)


def stored_of_all(lines: bytes, count: int) -> Sequence[Stored | None]:
    """Return the record on each of ``count`` lines; None for all if one of them is not as X and the tools write it."""
    try:
        found = [] if _is_dense(lines) else _decode_lines(lines)
    except DECODING:
        found = []
    return found if len(found) == count else [None] * count


def stored_of(line: bytes) -> Stored | None:
    """Return the record on a line, even if it has odd values; None if the line is not JSON."""
    if _is_dense(line):
        return None
    try:
        return _decode(line)
    except DECODING:
        pass
    fields = fields_of(line)
    try:
        return None if fields is None else _decode(msgspec.json.encode(fields))
    except DECODING:
        return None


def page_of(line: bytes) -> Page | None:
    """Return the page on a line; None if it is none, or not as X writes it."""
    try:
        return None if _is_dense(line) else _decode_page(line)
    except DECODING:
        return None


def _is_dense(text: bytes) -> bool:
    return len(text) > _LARGE and text.count(b"{") * _SPARSE > len(text)


def embedded(record: Stored | Page, job_type: JobType) -> list[Embedded]:
    """Return the IDs of the posts, or of the users, of which a record holds copies, in their order.

    A post's own author is no copy: under ``users`` it is what the record itself stands for.
    """
    if isinstance(record, Stored):
        return list(map(Embedded, _within(record, job_type)))
    data = record.data if isinstance(record.data, list) else [record.data]
    found = [each for own in data for each in _within(own, job_type)]
    return list(map(Embedded, [*found, *_included(record.includes, job_type)]))


def _within(holder: Stored, job_type: JobType) -> Iterable[str]:
    """The IDs of the posts or users within a post, a user, or what wraps one."""
    held = _held(holder)
    return () if held == _NOTHING else _held_ids(held, job_type)


def _held_ids(held: Sequence[Found], job_type: JobType) -> Iterator[str]:
    for role, found in zip(_ROLES.values(), held, strict=True):
        for each in _each(found) if found else ():
            if role is _COPIES:
                # X's website wraps a post once or twice.
                yield from _copy(_unwrapped(_unwrapped(each, "result"), "tweet"), job_type)
            elif role is _INCLUDES:
                yield from _included(each, job_type)
            else:
                if role is _PROFILES and job_type == "users" and _is_profile(each) and (number := _id(each)):
                    yield number
                yield from _within(each, job_type)


def _copy(post: Stored, job_type: JobType) -> Iterator[str]:
    """Yield the ID of a copy, or of its author, and what stands within it."""
    if _has_content(post):
        if number := _id(post) if job_type == "tweets" else _author(post):
            yield number
        yield from _within(post, job_type)


def _included(includes: Found, job_type: JobType) -> Iterator[str]:
    """Yield the IDs in what X includes beside the posts or users that it was asked for."""
    if isinstance(includes, Stored):
        for post in _each(includes.tweets):
            yield from _copy(post, job_type)
        for user in _each(includes.users):
            if job_type == "users" and _is_profile(user) and (number := _id(user)):
                yield number
            yield from _within(user, job_type)


def _unwrapped(wrapper: Stored, name: str) -> Stored:
    within = getattr(wrapper, name)
    return within if isinstance(within, Stored) else wrapper


def _each(found: Found) -> Sequence[Stored]:
    if isinstance(found, Stored):
        return (found,)
    return [each for each in found if isinstance(each, Stored)] if isinstance(found, list) else ()


def _has_content(post: Stored) -> bool:
    return bool(post.text or post.full_text or post.rawContent or post.content or isinstance(post.legacy, Stored))


def _is_profile(user: Stored) -> bool:
    return bool(user.username or user.userName or user.screen_name)


def _author(post: Stored) -> str | None:
    """Return the ID of a post's author, wherever it stands."""
    for name in _AUTHORS:
        if isinstance(person := getattr(post, name), Stored) and (number := _id(person)):
            return number
    if isinstance(post.core, Stored) and isinstance(post.core.user_results, Stored):
        return _id(_unwrapped(post.core.user_results, "result"))
    legacy = post.legacy if isinstance(post.legacy, Stored) else post
    return _digits(post.author_id) or _digits(_text(legacy.user_id_str))


def _id(found: Stored) -> str | None:
    legacy = found.legacy if isinstance(found.legacy, Stored) else found
    return _digits(found.rest_id) or _digits(legacy.id_str) or _digits(found.id)


def _text(value: msgspec.Raw) -> str:
    return bytes(value).strip(b'"').decode(errors="replace")


def plain(value: Found) -> str | None:
    """Return a value that an ID may have, as text; None for any other."""
    return str(value) if isinstance(value, str) or type(value) is int else None


def _digits(value: Found) -> str | None:
    text = plain(value)
    return text if text and text.isascii() and text.isdigit() else None
