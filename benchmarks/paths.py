"""Files of each kind that the readers take a way of their own through, the slow ones too."""

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

Record = dict[str, Any]

MEGABYTES = 48
_TEXT = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore #dolore"
_WHEN = "2026-11-30T08:00:00.000Z"


@dataclass(frozen=True)
class Way:
    """A kind of file: the end of its name, its first line, and how one of its records is written for an ID."""

    name: str
    suffix: str
    record: Callable[[int], str]
    head: str = ""


def _post(number: int) -> Record:
    counts = {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4}
    post = {"id": str(number), "text": _TEXT, "author_id": str(number % 10**9), "created_at": _WHEN, "lang": "en"}
    return {**post, "public_metrics": counts, "conversation_id": str(number)}


def _user(number: int) -> Record:
    counts = {"followers_count": 1, "following_count": 2, "tweet_count": 3, "listed_count": 4}
    user = {"id": str(number), "name": "Jack", "username": "jack", "created_at": _WHEN, "description": _TEXT}
    return {**user, "public_metrics": counts}


def _page(number: int) -> Record:
    """Ten posts as twarc2 writes them, with what X includes."""
    posts = [_post(number + each) for each in range(14)]
    users = [_user(number % 10**9 + each) for each in range(8)]
    includes = {"tweets": posts[10:], "users": users}
    return {"data": posts[:10], "includes": includes, "meta": {"result_count": 10}}


def _flattened(number: int) -> Record:
    quoted = {"type": "quoted", **_post(number + 1), "author": _user(number % 10**9 + 1)}
    return {**_post(number), "author": _user(number % 10**9), "referenced_tweets": [quoted]}


def _old(number: int) -> Record:
    """A post of API v1.1."""
    user = {"id": number % 10**9, "id_str": str(number % 10**9), "screen_name": "jack", "description": _TEXT}
    post = {"id": number, "id_str": str(number), "full_text": _TEXT, "user": user, "created_at": _WHEN}
    return {**post, "retweet_count": 1, "favorite_count": 2, "lang": "en"}


def _snscrape(number: int) -> Record:
    user = {"username": "jack", "id": number % 10**9, "displayname": "Jack", "rawDescription": _TEXT}
    post = {"url": f"https://twitter.com/jack/status/{number}", "rawContent": _TEXT, "id": number, "user": user}
    return {**post, "replyCount": 1, "retweetCount": 2, "likeCount": 3, "quoteCount": 4, "lang": "en"}


def _json(record: Callable[[int], Record]) -> Callable[[int], str]:
    return lambda number: json.dumps(record(number))


WAYS = (
    Way("a clean list", ".txt", str),
    Way("a list, quoted", ".txt", '"{}"'.format),
    Way("a list, indented", ".txt", " {}".format),
    Way("a list, every tenth ID quoted", ".txt", lambda number: f'"{number}"' if number % 10 == 0 else str(number)),
    Way("a list, lines of CRLF", ".txt", "{}\r".format),
    Way("a list of no IDs", ".txt", "hello {} world".format),
    Way("a list that is one ID", ".txt", lambda _: "1800000000000000000"),
    Way("CSV", ".csv", f"{{}},{_WHEN},{_TEXT.replace(',', '')},en".format, "id,created_at,text,lang"),
    Way("CSV, narrow", ".csv", "{},1".format, "id,n"),
    Way("CSV, a space before the ID", ".csv", f"{_WHEN}, {{}}".format, "created_at,id"),
    Way("CSV, all quoted", ".csv", f'"{{}}","{_TEXT}"'.format, '"id","text"'),
    Way("CSV, texts of several lines", ".csv", f'{{}},"{_TEXT}\n{_TEXT}\n"'.format, "id,text"),
    Way("CSV, quotes within texts", ".csv", f'{{}},{_TEXT[:26]} "so" {_TEXT[:26]}'.format, "id,text"),
    Way("CSV, packed", ".csv.gz", f"{{}},{_WHEN},{_TEXT.replace(',', '')},en".format, "id,created_at,text,lang"),
    Way("JSON lines, posts", ".jsonl", _json(_post)),
    Way("JSON lines, pages with what X includes", ".jsonl", _json(_page)),
    Way("JSON lines, flattened posts with quotes", ".jsonl", _json(_flattened)),
    Way("JSON lines, retweets of API v1.1", ".jsonl", _json(lambda n: {**_old(n), "retweeted_status": _old(n + 1)})),
    Way("JSON lines, quotes of snscrape", ".jsonl", _json(lambda n: {**_snscrape(n), "quotedTweet": _snscrape(n + 1)})),
    Way("JSON lines, users under tweets/", ".jsonl", _json(_user)),
    Way("JSON lines, an ID each", ".jsonl", '{{"id": "{}"}}'.format),
    Way("Parquet, integers", ".parquet", str),
    Way("Parquet, indented texts", ".parquet", " {}".format),
)


def made(directory: Path, way: Way) -> tuple[Path, int]:
    """The file, made where it is missing, and its bytes, unpacked; of Parquet those of the IDs as lines of text."""
    name = "".join(character if character.isalnum() else "-" for character in way.name)
    path, about = directory / f"way-{name}{way.suffix}", directory / f"way-{name}.json"
    if not about.exists():
        directory.mkdir(parents=True, exist_ok=True)
        source = random.Random(way.name)
        lines = [way.head] if way.head else []
        size = 0
        while size < MEGABYTES * 10**6:
            more = [way.record(source.randrange(10**18, 2 * 10**18)) for _ in range(10_000)]
            lines += more
            size += sum(len(line) + 1 for line in more)
        _write(path, lines)
        about.write_text(str(sum(len(line.encode()) + 1 for line in lines)))
    return path, int(about.read_text())


def _write(path: Path, lines: list[str]) -> None:
    content = "".join(line + "\n" for line in lines).encode()
    if path.suffix == ".parquet":
        kind = "VARCHAR" if lines[0].startswith(" ") else "BIGINT"
        text = path.with_suffix(".csv")
        text.write_bytes(content)
        read = f"read_csv('{text}', columns = {{'id': '{kind}'}}, header = false, auto_detect = false)"
        duckdb.execute(f"COPY (SELECT id, 'x' AS text FROM {read}) TO '{path}' (FORMAT parquet)")
        text.unlink()
    else:
        path.write_bytes(gzip.compress(content, 6) if path.suffix == ".gz" else content)
