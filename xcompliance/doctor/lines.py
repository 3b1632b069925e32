"""Findings as they are printed."""

from typing import Final

from rich.markup import escape

from xcompliance.doctor.finding import Finding, Verdict

_MARKS: Final[dict[Verdict, tuple[str, str, str]]] = {
    "right": ("green", "✓", "ok"),
    "warning": ("yellow", "!", "!"),
    "wrong": ("bold red", "✗", "NO"),
    "not checked": ("yellow", "?", "?"),
}
"""Each verdict's colour, its mark, and what stands for that where a terminal knows ASCII alone."""
_WIDTH: Final = 22


def line(name: str, finding: Finding, encoding: str) -> str:
    """A finding in Rich's markup: its mark, its name, what was found; and below, what to do."""
    style, mark, plain = _MARKS[finding.verdict]
    shown = mark if encoding.lower().startswith("utf") else plain
    text = f"[{style}]{shown:<2}[/] {name:<{_WIDTH}}{escape(finding.found)}"
    return f"{text}\n{'':<{_WIDTH + 3}}[bold]{escape(finding.advice)}[/]" if finding.advice else text
