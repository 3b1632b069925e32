"""What the sections of a report are built of. Each element escapes what it is given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node


@dataclass(frozen=True)
class Column:
    """A column of a table; ``css`` says how it is set in the style sheet, such as "number" or "code"."""

    title: str
    css: str | None = None


def section(name: str, title: str, *content: Node) -> Element:
    """A section with its headline."""
    heading = f"{name}-title"
    return h.section(id=name, aria_labelledby=heading)[h.h2(id=heading)[title], h.div(".content")[content]]


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Node]], css: str = "") -> Element:
    """A table; the first cell of a row is its header. On a narrow screen a row becomes a block, with its titles.

    The roles say to every browser that it is a table all the same.
    """
    return h.table(class_=css or None, role="table")[
        h.caption[caption],
        h.thead(role="rowgroup")[
            h.tr(role="row")[(h.th(scope="col", role="columnheader", class_=each.css)[each.title] for each in columns)]
        ],
        h.tbody(role="rowgroup")[(_row(columns, cells) for cells in rows)],
    ]


def _row(columns: Sequence[Column], cells: Sequence[Node]) -> Element:
    return h.tr(role="row")[
        h.th(scope="row", role="rowheader", class_=columns[0].css, data_title=columns[0].title)[cells[0]],
        (
            h.td(role="cell", class_=column.css, data_title=column.title)[cell]
            for column, cell in zip(columns[1:], cells[1:], strict=True)
        ),
    ]


def facts(pairs: Iterable[tuple[str, Node]]) -> Element:
    """Names and what they stand for; those without a value are left out."""
    return h.dl[(h.div[h.dt[name], h.dd[value]] for name, value in pairs if value is not None)]


def data(text: object) -> Element:
    """Somebody else's text, which does not run into ours whichever way it is written."""
    return h.bdi[str(text)]


def code(text: object) -> Element:
    """A name to be copied as it is."""
    return h.code[data(text)]


def listing(*lines: str) -> Element:
    """Lines to be copied as they are."""
    return h.pre[h.code[((h.br if number else None, line) for number, line in enumerate(lines))]]


def folded(title: Node, *content: Node, is_open: bool) -> Element:
    """What is shown when it is asked for."""
    return h.details(open=is_open)[h.summary[title], content]


@dataclass(frozen=True)
class Piece:
    """A piece of a bar, from ``start`` on, as shares of its length; ``css`` names its colour."""

    css: str
    start: float
    length: float


def bar(*pieces: Piece) -> Element:
    """A bar for the eye alone: its figures stand beside it. A piece is never too thin to be seen."""
    return h.svg(".bar", aria_hidden="true", width="100%", height="100%")[
        (
            h.rect(
                class_=piece.css,
                x=f"{100 * min(piece.start, 1 - _LEAST):.2f}%",
                width=f"{100 * max(piece.length, _LEAST):.2f}%",
                height="100%",
            )
            for piece in pieces
        )
    ]


_LEAST = 0.004


def stacked(parts: Iterable[tuple[str, float]]) -> Element:
    """A bar of pieces one behind the other, each with its colour and its amount."""
    parts = [(css, amount) for css, amount in parts if amount > 0]
    whole = sum(amount for _, amount in parts) or 1.0
    pieces, start = [], 0.0
    for css, amount in parts:
        pieces.append(Piece(css, start / whole, amount / whole))
        start += amount
    return h.div(".stacked")[bar(*pieces)]


def swatch(css: str) -> Element:
    """The colour of a piece, beside its name."""
    return h.svg(".swatch", aria_hidden="true")[h.rect(class_=css, width="100%", height="100%")]
