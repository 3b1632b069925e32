"""Which column of a table, or field of a JSON object, holds the IDs: one rule for every reader, by names alone.

docs/input.md has the rule as a table.
"""

import re
from collections.abc import Sequence
from typing import TypeGuard

from compliance.errors import UnsupportedInput
from compliance.runs import JobType

NOUNS: dict[JobType, str] = {"tweets": "post", "users": "user"}
_OTHER: dict[JobType, JobType] = {"tweets": "users", "users": "tweets"}

_OWN: dict[JobType, re.Pattern[str]] = {
    "tweets": re.compile(r"(?:x|twitter)?(?:tweet|post|status)ids?(?:str|string)?|id(?:tweet|post|status)(?:str)?"),
    "users": re.compile(
        r"(?:x|twitter|from|tweet|post|status)?(?:user|author|account)ids?(?:str|string)?"
        r"|id(?:user|author|account)(?:str)?"
    ),
}
"""Names that say which type of ID a column holds, without case and separators."""

_PLAIN = ("idstr", "idstring", "restid", "id", "ids", "dataid")
"""Names that leave the type open, the best first. X's website calls an ID ``rest_id`` beside an ``id`` of its own; a
flattened page has ``data.id``."""

_LONE: dict[JobType, frozenset[str]] = {
    "tweets": frozenset(("tweet", "tweets", "post", "posts", "status", "statuses")),
    "users": frozenset(("user", "users", "author", "authors", "account", "accounts")),
}
"""Names that say it too where there is only one column. In a wider table they are texts and names."""

_POST_NAMES = frozenset(
    (
        *("text", "fulltext", "tweet", "tweettext", "posttext", "statustext", "tweetcontent", "content", "body"),
        *("rawcontent", "renderedcontent", "message", "truncated", "possiblysensitive", "source", "sourcelabel"),
        *("conversationid", "conversationidstr", "edithistorytweetids", "hashtags", "cashtags", "usermentions"),
        *("mentions", "mentionedusers", "retweeted", "favorited", "retweets", "replies", "quotecount", "replycount"),
        *("repliescount", "likecount", "likescount", "favoritecount", "bookmarkcount", "viewcount", "viewscount"),
        *("impressioncount", "nlikes", "nreplies", "nretweets", "isretweet", "isreply", "isquote", "isquotestatus"),
        *("tweeturl", "posturl", "statusurl", "permalink", "tweetlink", "tweettype", "tweetdate", "tweettime"),
        *("tweetcreatedat", "tweetcreated", "tweetedat", "tweetlang", "tweetlanguage", "sentiment", "threadid"),
        *("publicmetricslikecount", "publicmetricsreplycount", "publicmetricsquotecount", "publicmetricsretweetcount"),
    )
)
_POST_STARTS = ("inreplyto", "replyto", "retweeted", "retweetcount", "retweetscount", "quoted", "referencedtweets")
_USER_NAMES = frozenset(
    (
        *("username", "screenname", "userscreenname", "displayname", "followers", "following", "followerscount"),
        *("followercount", "friendscount", "followingcount", "listedcount", "statusescount", "favouritescount"),
        *("profileimageurl", "profileimageurlhttps", "defaultprofile", "protected", "accountcreatedat", "joindate"),
        *("pinnedtweetid", "pinnedtweetidstr", "publicmetricsfollowerscount", "publicmetricsfollowingcount"),
        *("publicmetricstweetcount", "bio"),
    )
)
_THING_NAMES = frozenset(
    (
        *("mediakey", "mediaurl", "mediaurlhttps", "placetype", "boundingbox", "membercount", "subscribercount"),
        *("slug", "votingstatus"),
    )
)
"""What posts, users, and other things of X (media, places, lists, polls) have besides an ID."""

_SEPARATORS = re.compile(r"[\W_]+")
_PATH = re.compile(r"[./:]")
_AUTHOR = re.compile(r"\s*(?:user|author)[./:]", re.IGNORECASE)
_STR = re.compile(r"str(?:ing)?$")
_LIKE_AN_ID = re.compile(r".*id(?:s|str|string)?")
_NAMED_THINGS = re.compile(r"tweet|post|status|user|author|account|conversation|thread|repl|media|place|list", re.I)
"""What a name of several words is about; other words before "id" are a sentence."""

_LIKE_A_NAME = re.compile(r"[^\W\d][\w .:/-]{0,63}")
_LONG_NUMBER = re.compile(r"[0-9]{5}")

MAX_HEADER = 64
"""Bytes of a list's header at most."""

_MOST_NAMES, _LONGEST_NAME = 30, 40
"""How many names a message lists, and how many characters of each."""

HOW_TO_NAME = (
    "Name the column, or give its number from 1, in the object's metadata (id-column), in its tag id-column, "
    "or in the setting id_column."
)


def column_of(names: Sequence[str], asked: str | None, job_type: JobType) -> int | str:
    """Return the index of the column that holds the IDs, or a sentence on why it cannot be told.

    The column ``asked`` for by name, or by number from 1, always wins.
    """
    if asked is None:
        return chosen(names, job_type)
    return _by_number(names, asked) if is_number(asked) else named(names, asked)


def chosen(names: Sequence[str], job_type: JobType) -> int | str:
    """Return the index of the column whose name says that it holds IDs of the type, or a sentence on why none does."""
    plain = [squashed(name) for name in names]
    own = [index for index, name in enumerate(plain) if _OWN[job_type].fullmatch(name)]
    if own:
        return _best_of(names, own, job_type)
    if len(plain) == 1 and plain[0] in _LONE[job_type]:
        return 0
    for name in _PLAIN:
        found = [index for index, each in enumerate(plain) if each == name]
        if found:
            if doubt := _doubt(names, plain, job_type):
                return f"{quoted(names[found[0]])} may not hold {NOUNS[job_type]} IDs: {doubt}."
            return found[0] if len(found) == 1 else _several(names, found, job_type)
    return _none(names, plain, job_type)


def reason(name: str, job_type: JobType) -> str:
    """Return why ``chosen`` takes a column of that name, as the end of a sentence."""
    plain = squashed(name)
    if _OWN[job_type].fullmatch(plain) or plain in _LONE[job_type]:
        return f"its name says that it holds {NOUNS[job_type]} IDs"
    return "a plain name, and nothing suggests that it holds other IDs"


def named(names: Sequence[str], asked: str) -> int | str:
    """Return the index of the column ``asked`` for: spelled like that, or else without case and separators."""
    spellings = (str.strip, squashed) if squashed(asked) else (str.strip,)
    for spelled in spellings:
        found = [index for index, name in enumerate(names) if spelled(name) == spelled(asked)]
        if len(found) > 1:
            return f"{len(found)} columns are named {asked}."
        if found:
            return found[0]
    return f"There is no column named {asked}."


def is_number(asked: str | None) -> TypeGuard[str]:
    """Whether a column is asked for by its number."""
    return asked is not None and re.fullmatch("[0-9]+", asked, re.ASCII) is not None


def is_header(line: bytes) -> bool:
    """Whether a line names the only column of a list of posts or of users."""
    text = unquoted(line.decode(errors="replace"))
    plain = squashed(text) if len(line) <= MAX_HEADER and looks_like_name(text) else ""
    return plain in _PLAIN or any(plain in _LONE[each] or _OWN[each].fullmatch(plain) for each in _OWN)


def unquoted(text: str) -> str:
    """A text without spaces and a pair of quotes around it."""
    found = text.strip()
    is_quoted = len(found) > 1 and found[0] == found[-1] and found[0] in "\"'"
    return found[1:-1].strip() if is_quoted else found


def looks_like_name(text: str) -> bool:
    """Whether a text may be a column's name rather than data or a comment."""
    return _LIKE_A_NAME.fullmatch(text) is not None


def looks_like_id_name(text: str) -> bool:
    """Whether a name ends like one of an ID, even if it is another word (covid) or another thing's ID (media_id)."""
    words = text.split()
    is_name = len(words) == 1 or _NAMED_THINGS.search(text) is not None
    return is_name and looks_like_name(text) and _LIKE_AN_ID.fullmatch(squashed(words[-1])) is not None


def squashed(name: str) -> str:
    """A name without case and separators: ``User ID``, ``user.id`` and ``userId`` are the same."""
    return _SEPARATORS.sub("", name).casefold()


def refusal(why: str, names: Sequence[str]) -> UnsupportedInput:
    """The error for a table whose column of IDs cannot be told: why, its columns, and how to name one."""
    listed = ", ".join(quoted(name) for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return UnsupportedInput(f"{why} The columns are {listed}{more}. {HOW_TO_NAME}")


def _by_number(names: Sequence[str], number: str) -> int | str:
    index = int(number[:9]) - 1
    if not 0 <= index < len(names):
        return f"Column {number[:9]} is asked for, but the table has {len(names)}."
    return index


def _best_of(names: Sequence[str], own: Sequence[int], job_type: JobType) -> int | str:
    """The best of several columns that hold the same IDs: a text before a number, a flat name before a path."""
    if len({_STR.sub("", squashed(names[index])) for index in own}) > 1:
        return _several(names, own, job_type)
    ranks = {index: (not _STR.search(squashed(names[index])), bool(_PATH.search(names[index]))) for index in own}
    best = [index for index in own if ranks[index] == min(ranks.values())]
    return best[0] if len(best) == 1 else _several(names, best, job_type)


def _doubt(names: Sequence[str], plain: Sequence[str], job_type: JobType) -> str:
    """Why a plain ``id`` is not of the type, by the other names; empty if it may be."""
    posts = [name for name, each in zip(names, plain, strict=True) if _is_of_posts(name, each)]
    users = [name for name in names if not _USER_NAMES.isdisjoint((squashed(name), squashed(_PATH.split(name)[-1])))]
    things = [name for name, each in zip(names, plain, strict=True) if each in _THING_NAMES]
    if job_type == "users":
        other, whose = posts or (things if not users else []), "posts" if posts else "something else"
    else:
        other, whose = ([], "") if posts else (users or things, "users" if users else "something else")
    return f"{', '.join(map(quoted, other[:3]))} {'is' if len(other) == 1 else 'are'} of {whose}" if other else ""


def _is_of_posts(name: str, plain: str) -> bool:
    return (
        plain in _POST_NAMES
        or plain.startswith(_POST_STARTS)
        or _AUTHOR.match(name) is not None
        or any(own.fullmatch(plain) for own in _OWN.values())
    )


def _several(names: Sequence[str], found: Sequence[int], job_type: JobType) -> str:
    return f"{' and '.join(quoted(names[index]) for index in found[:5])} may each hold the {NOUNS[job_type]} IDs."


def _none(names: Sequence[str], plain: Sequence[str], job_type: JobType) -> str:
    other = _OTHER[job_type]
    for name, each in zip(names, plain, strict=True):
        if _OWN[other].fullmatch(each) or (len(plain) == 1 and each in _LONE[other]):
            return (
                f"{quoted(name)} holds {NOUNS[other]} IDs, which belong under {other}/, and no column is known to hold "
                f"{NOUNS[job_type]} IDs."
            )
    return f"No column is known to hold {NOUNS[job_type]} IDs."


def quoted(name: str) -> str:
    """A name as a message shows it; what may be an ID or a text is not shown."""
    text = name.strip()
    if _LONG_NUMBER.search(text) or not text.isprintable():
        return "(a value)"
    return f"“{text[:_LONGEST_NAME]}”"
