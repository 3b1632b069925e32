"""What all readers make: a line of text for each record."""

from collections.abc import Sequence

from compliance.ids import EMBEDDED, MAX_LINE, NOTICE, Embedded

CUT = ord(".")
"""Stands at the end of what is kept of a long text, so that its beginning is not taken for an ID."""


def cut(text: str) -> str:
    """The text, or what is kept of a long one: more than a line may have, so that it is rejected as too long."""
    return text if len(text) <= MAX_LINE else text[:MAX_LINE] + chr(CUT)


def lines_of(texts: Sequence[str]) -> bytes:
    """A line for each text, whatever is in it: newlines within become spaces, and of a long one the beginning is kept.

    What is no ID stays none, and is rejected as it stands. NOTICE stays what it is, EMBEDDED comes before an ID that is
    Embedded, and no other text becomes one of the two.
    """
    if not texts:
        return b""
    joined = "\n".join(texts)
    if NOTICE in joined or EMBEDDED in joined:
        texts = [text if text is NOTICE or type(text) is Embedded else _harmless(text) for text in texts]
        joined = "\n".join(texts)
    if Embedded in set(map(type, texts)):
        texts = [EMBEDDED + text if type(text) is Embedded else text for text in texts]
        joined = "\n".join(texts)
    if joined.count("\n") >= len(texts) or len(joined) > len(texts) * MAX_LINE:
        joined = "\n".join(" ".join(cut(text).split("\n")) for text in texts)
    return joined.encode(errors="replace") + b"\n"


def _harmless(text: str) -> str:
    return text.replace(NOTICE, "?").replace(EMBEDDED, "?")
