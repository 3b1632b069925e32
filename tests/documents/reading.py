"""What a reader of the documents is told to type."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cdk.bundling import ROOT

DOCUMENTS: Final = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK: Final = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
PLACEHOLDER: Final = re.compile(r"<([^<>\n|]+)>")
PROGRAM: Final = re.compile(r"(?:\.venv/bin/)?(xcompliance|make|aws)\b")
INLINE: Final = re.compile(r"`((?:\.venv/bin/)?(?:xcompliance|make|aws)\s[^`]+)`")
IN_PROSE: Final = re.compile(
    r"aws [a-z0-9]+ [a-z-]+(?: /\S+)?"
    r'(?: --[a-z-]+(?: (?:<[^>]+>|"[^"]*"|(?!- )[^\s(,;-][^\s(,;]*)(?: /\S+)?)?)*'
)
"""A command of AWS's in a runbook, where CloudWatch has no marks for it: its options, and what they are given."""


@dataclass(frozen=True)
class Command:
    """One command with its arguments, and where it stands. ``whole`` unless a text merely speaks of it."""

    document: str
    words: tuple[str, ...]
    whole: bool = True

    @property
    def program(self) -> str:
        return self.words[0].removeprefix(".venv/bin/")

    def __str__(self) -> str:
        return f"{self.document}: {shlex.join(self.words)}"


def blocks(document: Path, language: str) -> list[str]:
    """The examples of a language."""
    found = BLOCK.finditer(document.read_text(encoding="utf-8"))
    return [textwrap.dedent(match[3]) for match in found if match[2] == language]


def commands() -> list[Command]:
    """All commands of all documents, in the order in which they are read."""
    return [command for document in DOCUMENTS for command in _commands_of(document)]


@cache
def _commands_of(document: Path) -> tuple[Command, ...]:
    name = document.relative_to(ROOT).as_posix()
    text = document.read_text(encoding="utf-8")
    typed = [Command(name, words) for script in blocks(document, "sh") for words in _words(script)]
    prose = BLOCK.sub("", text)
    named = [
        Command(name, words, whole=False) for code in INLINE.findall(prose) for words in _words(" ".join(code.split()))
    ]
    told = [Command(name, words) for code in IN_PROSE.findall(INLINE.sub("", prose)) for words in _words(code)]
    return (*typed, *named, *told)


def _words(script: str) -> Iterator[tuple[str, ...]]:
    """The words of each simple command; what stands for something else, ``<run>``, is one word, whatever is in it."""
    text = PLACEHOLDER.sub(lambda match: f"<{match[1].replace(' ', '-').replace(chr(39), '')}>", script)
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|;&"):
                yield from [tuple(words)] if words else []
                words = []
            else:
                words.append(word)
