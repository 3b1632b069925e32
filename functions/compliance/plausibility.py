"""What the IDs of a list tell of themselves: that they are of the other type, or from the future.

It warns and never rejects: X alone knows which IDs there are.
"""

from compliance.runs import JobType, Oddities

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
"""2010-11-04. A snowflake has the milliseconds since then in all but its lowest 22 bits [Twitter's snowflake, 2010]."""

FIRST_LARGE = 5_000_000_000
"""IDs were numbers in a row at first. The last such users, of February 2016, have numbers of 4.92e9 [observed].
Posts came to 5e9 in October 2009, and the last one before the snowflakes has number 29.7e9."""

FIRST_LARGE_USER = (1_356_998_400_000 - SNOWFLAKE_EPOCH_MS) << 22
"""The snowflake of 2013-01-01, when X announced users with large IDs; none is known from before February 2016. From
FIRST_LARGE up to here there are IDs of posts, but none of users."""

SLACK_SECONDS = 86_400
"""How far clocks may differ before an ID is from the future."""

OLD_POSTS_PERCENT = 10
"""Posts below FIRST_LARGE are far less than 1 % of all: a list with more of them than this may be one of users."""


SURELY_SMALL = 50
"""So many users have one among them from before February 2016, when all IDs were below FIRST_LARGE, unless they were
chosen by their age."""


def latest_id(now: float) -> int:
    """The ID from which on there is none yet at ``now`` (epoch seconds)."""
    return (int((now + SLACK_SECONDS) * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def bounds(latest: int) -> list[int]:
    """The bounds that part IDs into the bands that ``oddities`` reads."""
    return [FIRST_LARGE, FIRST_LARGE_USER, latest]


def oddities(bands: list[int], headers: int) -> Oddities:
    """Takes the number of IDs below, between and above the ``bounds``."""
    small, no_user, _, future = bands
    return Oddities(headers=headers, small_ids=small, no_user_ids=no_user, future_ids=future)


def warnings(job_type: JobType, accepted: int, odd: Oddities) -> list[str]:
    """What the owner of a list should look at, in plain sentences without an ID."""
    found = []
    if job_type == "tweets" and odd["small_ids"] * 100 > OLD_POSTS_PERCENT * accepted:
        found.append(
            f"{odd['small_ids']} of {accepted} IDs are small numbers: posts from before October 2009, or IDs of users. "
            "IDs of users belong under users/."
        )
    if job_type == "users" and odd["no_user_ids"]:
        found.append(
            f"{odd['no_user_ids']} of {accepted} IDs are numbers that users never had, but posts did. "
            "IDs of posts belong under tweets/."
        )
    elif job_type == "users" and accepted >= SURELY_SMALL and not odd["small_ids"]:
        found.append(
            f"Not one of {accepted} IDs is a small number, as those of all users from before February 2016 are: "
            "these may be IDs of posts, which belong under tweets/."
        )
    if odd["future_ids"]:
        found.append(
            f"{odd['future_ids']} of {accepted} IDs are from the future: X has not given them yet. "
            "See whether the list was damaged."
        )
    return found
