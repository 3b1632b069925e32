"""The views' answers, on data as awkward as it gets."""

from collections.abc import Callable

import pytest

from tests.infrastructure.sql.questions import CHECKS, Ask


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_view_answers_what_it_must(ask: Ask, check: Callable[[Ask], None]) -> None:
    check(ask)
