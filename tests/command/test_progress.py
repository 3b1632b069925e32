import io

import pytest
from rich.console import Console
from rich.text import Text

from xcompliance import progress
from xcompliance.progress import Doing, Steps, display
from xcompliance.text import count, duration, size


def lines_of(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_pipe_gets_a_line_when_the_phase_changes() -> None:
    console = Console(file=io.StringIO())
    with display(console) as shown:
        for sent in range(100):
            shown.show("tweets/posts.txt", Doing("uploading", f"{sent} MB of 100 MB", sent / 100))
        shown.show("tweets/posts.txt", Doing("X is working"))
    assert [line.partition("s  ")[2] for line in lines_of(console)] == [
        "tweets/posts.txt: uploading, 0 MB of 100 MB",
        "tweets/posts.txt: X is working",
    ]


def test_a_pipe_gets_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)
    console = Console(file=io.StringIO())
    with display(console) as shown:
        for sent in (1, 2, 2):
            shown.show("inbox", Doing("sending", f"{sent} MB"))
    assert len(lines_of(console)) == 2


def test_a_terminal_gets_a_bar_that_says_what_happens() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with display(console) as shown:
        shown.show("tweets/posts.txt", Doing("uploading", "50 MB of 100 MB", 0.5))
    assert "uploading, 50 MB of 100 MB" in "".join(lines_of(console))


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_warning_is_told_in_whole(is_terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=40)
    with display(console) as shown:
        shown.show("tweets/[red]posts.txt", Doing("waiting for its turn"))
        shown.warn("tweets/[red]posts.txt", "11 of 100 IDs are small numbers: IDs of users belong under users/.")
    text = Text.from_ansi("\n".join(lines_of(console))).plain
    assert "tweets/[red]posts.txt: " in text
    assert "11 of 100 IDs are small numbers: IDs of users belong under users/." in text


def test_steps_are_told_in_order_and_without_control_codes() -> None:
    console = Console(file=io.StringIO())
    with Steps(console) as steps:
        steps.say("Starting [this]")
        steps.say("Starting that")
    assert lines_of(console) == ["Starting [this] ...", "Starting that ..."]


def test_a_step_that_failed_is_not_called_done() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)

    def fail() -> None:
        with Steps(console) as steps:
            steps.say("First")
            steps.say("Second")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    text = "".join(lines_of(console))
    assert "First" in text.partition("done")[2]
    assert "Second" not in text.rpartition("done")[2].partition("First")[0]
    assert text.count("done") == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers() -> None:
    assert count(250_000) == "250,000"
    assert [size(number) for number in (0, 1, 63_027, 5_300_000)] == ["0 kB", "1 kB", "63 kB", "5.3 MB"]
