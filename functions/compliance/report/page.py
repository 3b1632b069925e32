"""The page: one file that asks nobody for anything, and runs nothing."""

import base64
import hashlib

import htpy as h
from htpy import Node
from markupsafe import Markup

from compliance.report.style import STYLE


def render(title: str, content: Node) -> bytes:
    """A whole page as UTF-8.

    Its policy forbids a browser everything but this style sheet, whatever the content is. Characters that are not seen,
    or that turn the text around them, are written out.
    """
    page = h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.meta(http_equiv="Content-Security-Policy", content=_POLICY),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.meta(name="referrer", content="no-referrer"),
            h.meta(name="robots", content="noindex"),
            h.title[title],
            h.style[Markup(STYLE)],  # noqa: S704 -- our own, and a constant
        ],
        h.body[content],
    ]
    return str(page).translate(_WRITTEN_OUT).encode()


_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"

_CONTROLS = {number: chr(0x2400 + number) for number in range(0x20)} | {0x7F: "␡"}
_TURNING = (0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSEEN = (0xAD, 0x200B, 0x2028, 0x2029, *range(0x2060, 0x2066), *range(0x206A, 0x2070), 0xFEFF, *range(0x80, 0xA0))
_WRITTEN_OUT = (
    _CONTROLS | {number: f"⟨U+{number:04X}⟩" for number in _TURNING + _UNSEEN} | dict.fromkeys(range(55296, 57344), "�")
)
"""Joiners are left: words of some scripts, and many an emoji, are written with them."""
