"""JSON arrays: their elements become lines, whatever is in them and however their bytes are cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compliance.readers.arrays import element_lines

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab\\"[]{},\né', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\,]', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(ANY, min_size=1, max_size=6), st.sampled_from([None, 1]), st.integers(1, 40), st.booleans())
def test_each_element_is_a_line(elements: list[Any], indent: int | None, size: int, is_marked: bool) -> None:
    content = (b"\xef\xbb\xbf" if is_marked else b"") + json.dumps(elements, indent=indent).encode() + b"\r\n"
    blocks = (content[at : at + size] for at in range(0, len(content), size))
    lines = b"".join(element_lines(blocks)).split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == elements
