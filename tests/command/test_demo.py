import io
from pathlib import Path

import pytest
from rich.console import Console

from xcompliance.demo import conclude
from xcompliance.errors import OutcomeError
from xcompliance.figures import Figure

from .conftest import Invoke


def test_a_missing_file_is_told_before_anything_starts(invoke: Invoke) -> None:
    result = invoke("demo", "--file", "/nonexistent/ids.txt")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize(("name", "content"), [("ids.csv", "id,text\n18,a\n"), ("ids.txt", "%PDF-1.7")])
def test_a_file_that_the_demo_cannot_count_is_refused(invoke: Invoke, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    result = invoke("demo", "--file", tmp_path / name)
    assert result.exit_code == 2
    assert name in result.stderr


def test_a_mismatch_prints_which_figure_and_fails() -> None:
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(OutcomeError, match="1 of 2 figures disagree"):
        conclude(console, [Figure("accepted", 2, 2), Figure("tweets: rejected", 3, 4)], Path("logs"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines()[-1].split() == ["tweets:", "rejected", "3", "4"]


def test_agreement_is_said() -> None:
    console = Console(file=io.StringIO())
    conclude(console, [Figure("accepted", 2, 2)], Path("logs"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().strip() == "All 1 figures agree with the truth."
