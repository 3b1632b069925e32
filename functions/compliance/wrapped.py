"""Finds IDs in lines that hold more than digits, such as quotes or blanks, without a loop over the lines."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compliance.ids import MAX_DIGITS, MAX_ID
from compliance.lines import Lines, Positions, rows_at

Flags = NDArray[np.bool_]

LONGEST = 8
"""Bytes of a wrapping on each side of the digits, besides blanks at the ends of the line."""

_MOST_KINDS = 32
"""Kinds of wrapping that are told apart in a text; lines of any further kind are left open."""

_DIGIT, _BLANK, _OTHER, _NEWLINE = range(4)
_DIGITS, _BLANKS = b"0123456789", b" \t\r\v\f"
_CLASSES = bytes(
    _DIGIT if each in _DIGITS else _BLANK if each in _BLANKS else _NEWLINE if each == ord("\n") else _OTHER
    for each in range(256)
)
_NO_DIGITS = bytes(set(range(256)) - {*_DIGITS, ord("\n")})

_NONE, _ID, _OPEN = 0, 1, 2

_PAD = b"\0" * LONGEST
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(LONGEST + 1)], np.uint64)
"""Keep so many bytes of a word."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A text of ``lines`` that are digits, one for each line that has an ID, and one for each that is left open.

    ``is_id``, ``is_blank`` and ``is_open`` say which of the lines that were given these are; any other has no ID.
    """

    lines: Lines
    is_id: Flags
    is_blank: Flags
    is_open: Flags


def unwrap(lines: Lines, is_wrapping: Callable[[bytes, bytes], bool], longest: int) -> Unwrapped:
    """Find the lines whose digits are an ID in one piece, with what ``is_wrapping`` around it.

    That is asked once for each kind of wrapping, with what stands before the digits and behind them. It must be true of
    nothing and of blanks, and false of more than eight characters, besides blanks, on one side. A line of more than
    ``longest`` bytes is left open, and so is one of a kind that is rare.
    """
    values = np.frombuffer(lines.text, np.uint8)
    classes = np.frombuffer(lines.text.translate(_CLASSES), np.uint8)
    between = np.flatnonzero(classes)
    kinds = classes[between]
    others = between[kinds == _OTHER]
    others_to = np.cumsum(kinds == _OTHER)[kinds == _NEWLINE]
    is_short = lines.ends - lines.starts <= longest

    # Digits stand before each character that does not follow the one before it.
    stops = np.flatnonzero(np.diff(between, prepend=-1) > 1)
    is_end = kinds == _NEWLINE
    line_of = (np.cumsum(is_end) - is_end)[stops]
    runs = np.bincount(line_of, minlength=len(lines))
    is_blank = is_short & (runs == 0) & (np.diff(others_to, prepend=0) == 0)

    is_only = (runs == 1)[line_of]
    at, stops = line_of[is_only], stops[is_only]
    stop = between[stops]
    start = np.where(stops, between[stops - 1] + 1, 0)
    is_number = (stop - start <= MAX_DIGITS) & (values[start] != ord("0")) & is_short[at]
    at, start, stop = at[is_number], start[is_number], stop[is_number]

    is_large = np.zeros(len(lines), bool)
    is_large[at[(stop - start == MAX_DIGITS) & (values[start] == ord("9"))]] = True
    if is_large.any():
        is_large[is_large] = _digits(lines, classes, is_large).numbers() > MAX_ID
        is_number = ~is_large[at]
        at, start, stop = at[is_number], start[is_number], stop[is_number]

    verdict = np.full(len(lines), _NONE, np.int8)
    verdict[at] = _ID
    verdict[~is_short] = _OPEN
    is_wrapped = np.diff(others_to, prepend=0)[at] > 0
    at, start, stop = at[is_wrapped], start[is_wrapped], stop[is_wrapped]
    if len(at):
        first = np.minimum(others[np.where(at, others_to[at - 1], 0)], start)
        final = np.maximum(others[others_to[at] - 1] + 1, stop)
        verdict[at] = _judged(lines.text, (first, start), (stop, final), is_wrapping)
        far = at[verdict[at] == _OPEN]
        if len(far):
            # Blanks within a wrapping may be many, and others not.
            counts = np.stack([np.searchsorted(others, each[verdict[at] == _OPEN]) for each in (first, start, final)])
            verdict[far[np.diff(counts, axis=0).max(axis=0) > LONGEST]] = _NONE
    is_kept = verdict != _NONE
    return Unwrapped(_digits(lines, classes, is_kept), verdict == _ID, is_blank, verdict == _OPEN)


def _judged(
    text: bytes,
    before: tuple[Positions, Positions],
    behind: tuple[Positions, Positions],
    is_wrapping: Callable[[bytes, bytes], bool],
) -> NDArray[np.int8]:
    """The verdict on digits, by where what stands ``before`` and ``behind`` them begins and ends."""
    verdict = np.full(len(before[0]), _OPEN, np.int8)
    sizes = [end - begin for begin, end in (before, behind)]
    left = np.flatnonzero((sizes[0] <= LONGEST) & (sizes[1] <= LONGEST))
    padded = text + _PAD
    words = [
        rows_at(padded, begin[left], LONGEST).view("<u8")[:, 0] & _MASKS[size[left]]
        for (begin, _), size in zip((before, behind), sizes, strict=True)
    ]
    for _ in range(_MOST_KINDS):
        if not len(left):
            break
        is_same = (words[0] == words[0][0]) & (words[1] == words[1][0])
        wrapping = [text[begin[left[0]] : end[left[0]]] for begin, end in (before, behind)]
        verdict[left[is_same]] = _ID if is_wrapping(*wrapping) else _NONE
        left, words = left[~is_same], [each[~is_same] for each in words]
    return verdict


def _digits(lines: Lines, classes: NDArray[np.uint8], is_kept: Flags) -> Lines:
    """The digits of some lines, a line for each."""
    if is_kept.all():
        return Lines.of(lines.text.translate(None, _NO_DIGITS))
    keep = (classes == _DIGIT) | (classes == _NEWLINE)
    keep &= np.repeat(is_kept, lines.ends - lines.starts + 1)
    return Lines.of(np.frombuffer(lines.text, np.uint8)[keep].tobytes())
