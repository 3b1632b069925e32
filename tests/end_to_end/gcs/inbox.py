"""What is dropped into the inbox of the deployment that uploads to Google."""

import gzip
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.end_to_end.files import IdFile, account_ids, lines, plain_file, snowflakes

CHECKED = ("archive", "dirty", "gzip", "first", "second", "plain", "odd key", "limit", "nightly")
"""The files that must be checked; the others must not."""


@cache
def inbox() -> dict[str, IdFile]:
    """All files, by what is special about them."""
    return {
        "archive": plain_file("tweets/archive.txt", snowflakes(1, 190_000)),
        "dirty": _dirty(),
        "gzip": _gzip(),
        "first": plain_file("tweets/first.txt", snowflakes(4, 800)),
        "second": plain_file("tweets/second.txt", snowflakes(5, 800)),
        "refused": _refused("tweets/no ids.txt", rejects=21),
        "rounded": plain_file("tweets/rounded.csv", [f"{each[:15]}0000" for each in snowflakes(9, 300)]),
        "nightly": _nightly(),
        "plain": plain_file("users/plain.txt", account_ids(7, 6_000)),
        "odd key": plain_file("users/größe + 100% naïve/日本 & (1)=?#.txt", account_ids(8, 900)),
        "limit": _refused("users/at the limit.txt", rejects=10),
        "empty": IdFile("users/empty.txt", b"", []),
        "blank": IdFile("tweets/blank.txt", b"\xef\xbb\xbf\r\n \n\t\r\n", [], blank=3),
    }


def _dirty() -> IdFile:
    """All that is tolerated and, in less than 1 % of the lines, all that is not."""
    ids = snowflakes(2, 1_500)
    tolerated = [
        (0, b"\xef\xbb\xbf%b\r"),
        (1, b'"%b"'),
        (2, b"'%b'\r"),
        (3, b"  %b\t"),
        (4, b'\t" %b " \r'),
    ]
    written = [each.encode() for each in ids]
    for place, form in tolerated:
        written[place] = form % written[place]
    rejects = [
        ("not_digits", b"tweet_id"),
        ("not_digits", f"{ids[0]},{ids[1]}".encode()),
        ("not_digits", b"-" + ids[2].encode()),
        ("not_digits", b"1.0e18"),
        ("not_digits", b'"' + ids[3].encode()),
        ("not_digits", "\uff11\uff12\uff13".encode()),
        ("leading_zero", b"0"),
        ("leading_zero", b"00" + ids[4].encode()[:17]),
        ("too_many_digits", b"1" * 20),
        ("out_of_range", b"9223372036854775808"),
        ("line_too_long", b"1" * 5_000),
    ]
    written[700:700] = [b"", b"   ", b"\r", ids[1].encode(), b'"' + ids[2].encode() + b'"\r', ids[2].encode()]
    expected = []
    for line, (reason, text) in zip(range(100, 700, 37), rejects, strict=False):
        written.insert(line - 1, text)
        expected.append((line, reason, text.decode()[:100]))
    content = b"\n".join(written)
    return IdFile("tweets/dirty.txt", content, ids, duplicate=3, blank=3, rejects=expected)


def _gzip() -> IdFile:
    """Two members in a row, as ``cat a.gz b.gz`` makes them; the cut goes through an ID."""
    ids = snowflakes(3, 1_200)
    plain = lines(ids)
    half = len(plain) // 2 + 7
    return IdFile("tweets/packed.gz", gzip.compress(plain[:half]) + gzip.compress(plain[half:]), ids)


def _nightly() -> IdFile:
    """A complete folder: sixty lists, a table, a page of posts, packed, and Parquet; an empty file of Spark beside it.

    Some posts are only in what X includes in the page.
    """
    ids = snowflakes(6, 750)
    folder = "datasets/tweets/nightly/"
    table = "text,tweet_id\n" + "".join(f'"a, b",{each}\n' for each in ids[600:650])
    posts = [{"id": each, "text": "a post"} for each in ids[650:700]]
    page = json.dumps({"data": posts[:30], "includes": {"tweets": posts[30:]}, "meta": {}})
    contents = {f"{number:02}.txt": lines(ids[number * 10 : number * 10 + 10]) for number in range(60)}
    contents |= {
        "a.csv": table.encode(),
        "b.jsonl.gz": gzip.compress(page.encode()),
        "c.parquet": _parquet(ids[700:]),
        "_metadata": b"",
    }
    files = {folder + name: each for name, each in contents.items()}
    return IdFile(folder + "_SUCCESS", b"", ids, embedded=20, folder=files)


def _parquet(ids: Sequence[str]) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "posts.parquet"
        query = "SELECT unnest(?::BIGINT[]) AS id, 'a post' AS text"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{file}'", [list(map(int, ids))])
        return file.read_bytes()


def _refused(key: str, rejects: int) -> IdFile:
    """A thousand lines, some of which are no IDs: over ten, that is more than 1 %."""
    ids = snowflakes(rejects, 1_000 - rejects)
    words = [f"comment {number}" for number in range(rejects)]
    expected = [(number + 1, "not_digits", word) for number, word in enumerate(words)]
    return IdFile(key, lines([*words, *ids]), ids, rejects=expected)
