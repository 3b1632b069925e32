"""What X says: its verdicts by action and by reason."""

from collections.abc import Mapping

import htpy as h
from htpy import Element, Node

from compliance.report.content import Content
from compliance.report.elements import Column, Piece, bar, data, section, table
from compliance.report.texts import count, counted, share, shortened
from compliance.results import OTHER
from compliance.runs import Findings

MOST_WORDS = 15
"""Actions or reasons that are told one by one; X may invent new ones."""

_WORD_LENGTH = 60

_ACTIONS = {
    "delete": "remove it",
    "rehydrate": "fetch it again",
    "scrub_geo": "remove its stored location",
}


def verdicts(content: Content) -> Element:
    """The records that ask for action, counted in two ways."""
    found = content.findings
    if found is None:
        return section("verdicts", "What X says", h.p(".note")["X has not answered for any part of this run."])
    affected = found["affected"]
    return section(
        "verdicts",
        "What X says",
        h.p[_sentence(found, is_all=content.run["status"] == "complete")],
        affected > 0
        and [
            _counts("By action", "Action", found["by_action"], affected),
            _counts("By reason, in X’s words", "Reason", found["by_reason"], affected),
        ],
    )


def _sentence(found: Findings, *, is_all: bool) -> str:
    said = [f"{counted(found['affected'], 'record of X asks', 'records of X ask')} for action."]
    if is_all:
        said.append("An ID of which X says nothing is compliant.")
    else:
        said.append("This is what X says of the parts that were checked; of the others it has said nothing yet.")
    if found["result_errors"]:
        said.append(
            f"{counted(found['result_errors'], 'record reports', 'records report')} an error instead of a verdict: "
            "the column “error” of the results says which."
        )
    return " ".join(said)


def _counts(caption: str, title: str, counts: Mapping[str, int], whole: int) -> Element:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [each for each in ordered if each[0] != OTHER]
    rows = [_row(word, number, whole) for word, number in named[:MOST_WORDS]]
    if rest := sum(counts.values()) - sum(number for _, number in named[:MOST_WORDS]):
        is_exact = OTHER not in counts
        rows.append(_row(counted(len(named) - MOST_WORDS, "other", "others") if is_exact else "others", rest, whole))
    if (without := whole - sum(counts.values())) > 0:
        rows.append(_row("none given", without, whole))
    columns = (Column(title), Column("Chart", "chart"), Column("Records", "number"), Column("Share", "number"))
    return table(caption, columns, rows, "figures charted")


def _row(word: str, number: int, whole: int) -> tuple[Node, ...]:
    """A word that asks for action has its colour wherever it stands; ``scrub_geo`` is a reason too."""
    meaning = _ACTIONS.get(word)
    return (
        [data(shortened(word, _WORD_LENGTH)), meaning and [" ", h.small[meaning]]],
        bar(Piece(f"action-{word if meaning else 'other'}", 0, number / whole)),
        count(number),
        share(number, whole),
    )
