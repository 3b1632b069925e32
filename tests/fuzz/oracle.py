"""A naive reader: what docs/input.md promises, character by character, with nothing of the product's in it."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

ID = re.compile(r"""\s*(["']?)\s*([1-9][0-9]{0,18})\s*\1\s*""", re.ASCII)
MOST = 2**63 - 1
LONGEST_LINE = 4096


@dataclass
class Answer:
    """The IDs in their order, how many records are blank, or no IDs, and how many IDs are those of copies."""

    ids: list[int] = field(default_factory=list)
    blank: int = 0
    rejected: int = 0
    embedded: int = 0

    def take(self, text: str) -> None:
        """One record's text."""
        match = ID.fullmatch(text)
        if len(text.encode()) <= LONGEST_LINE and not text.strip(" \t\r\n\v\f"):
            self.blank += 1
        elif len(text.encode()) <= LONGEST_LINE and match is not None and int(match[2]) <= MOST:
            self.ids.append(int(match[2]))
        else:
            self.rejected += 1

    def unordered(self) -> "Answer":
        """The same with the IDs in the order of their size: that of copies is not promised."""
        return replace(self, ids=sorted(self.ids))

    def copy(self, text: str) -> None:
        """The ID of a copy."""
        self.embedded += 1
        self.ids.append(int(text))


def read_lines(content: str) -> Answer:
    """A list: each line is an ID, blank, or rejected."""
    answer = Answer()
    lines = content.removeprefix("\ufeff").split("\n")
    for line in lines[:-1] if lines[-1] == "" else lines:
        answer.take(line.removesuffix("\r"))
    return answer


def read_table(rows: list[list[str]], column: int) -> Answer:
    """A table by the rows that were written, the first of which is the header; a row of no fields is blank."""
    answer = Answer()
    for row in rows[1:]:
        if not row:
            answer.blank += 1
        elif len(row) != len(rows[0]):
            answer.rejected += 1
        else:
            answer.take(row[column].replace("\n", " "))
    return answer


def read_objects(records: list[Any], job_type: str) -> Answer:
    """Posts, users, pages of either, and lines that are none of these."""
    answer = Answer()
    for record in records:
        if isinstance(record, str):
            answer.take(record)
            continue
        for each in record.get("data", [record]):
            is_post = "text" in each
            wanted = each.get("id") if is_post == (job_type == "tweets") else each.get("author_id")
            answer.take(str(wanted) if wanted is not None else "none")
        answer.blank += record.get("data") == []
        for copy in copies(record):
            is_post = "text" in copy
            if job_type == "tweets" and is_post:
                answer.copy(copy["id"])
            elif job_type == "users" and (is_post or "username" in copy):
                answer.copy(copy["author_id"] if is_post else copy["id"])
    return answer


def copies(value: Any) -> list[Any]:
    """All objects that are stored as copies within an object, at any depth."""
    found = []
    if isinstance(value, list):
        return [each for member in value for each in copies(member)]
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "includes":
                found += [*each.get("tweets", []), *each.get("users", [])]
            elif name in ("referenced_tweets", "quoted_tweet", "in_reply_to_user"):
                found += each if isinstance(each, list) else [each]
            found += copies(each)
    return found


def read_values(values: list[Any]) -> Answer:
    """A column of Parquet: null is blank, and a decimal without a fraction is a whole number."""
    answer = Answer()
    for value in values:
        text = "" if value is None else value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        answer.take(text.replace("\n", " ") if isinstance(value, str | bytes) else re.sub(r"\.0+$", "", text))
    return answer
