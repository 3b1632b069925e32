"""What the shell is told at the press of a key: without AWS, and without what takes a second to import."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from xcompliance.cli import app

XCOMPLIANCE = (sys.executable, "-m", "xcompliance")
COMMANDS = {each.callback.__name__ for each in app.registered_commands if each.callback} | {"sandbox"}


def told(**variables: str) -> str:
    """What the command says to a shell that asks by these variables; no credentials, no network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COMP_"))}
    done = subprocess.run(XCOMPLIANCE, env=kept | variables, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def bash(line: str) -> list[str]:
    words = line.split(" ")
    return told(
        _XCOMPLIANCE_COMPLETE="complete_bash", COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1)
    ).splitlines()


def test_bash_is_told_the_commands() -> None:
    assert set(bash("xcompliance ")) == COMMANDS
    assert bash("xcompliance ru") == ["runs"]
    assert bash("xcompliance sandbox ") == ["up", "down"]


def test_bash_is_told_options_and_what_they_take() -> None:
    assert "--format" in bash("xcompliance results RUN --f")
    assert set(bash("xcompliance results RUN --format ")) == {"table", "csv", "jsonl", "json", "parquet"}
    assert bash("xcompliance results RUN --action re") == ["rehydrate"]
    assert bash("xcompliance lookup 20 --type ") == ["tweets", "users"]


def test_bash_is_told_what_may_be_asked_by_name() -> None:
    assert bash("xcompliance query to_") == ["to_delete", "to_rehydrate", "to_scrub_geo"]
    assert "checked_ids" in bash("xcompliance query ")


def test_zsh_is_told_what_each_answers() -> None:
    answer = told(_XCOMPLIANCE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="xcompliance query to_d")
    assert '"to_delete":"Which posts and users must be deleted' in answer


def test_fish_is_told_it_too() -> None:
    asked = {"_XCOMPLIANCE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": "xcompliance query to_d"}
    answer = told(_TYPER_COMPLETE_FISH_ACTION="get-args", **asked)
    assert answer.startswith("to_delete\tWhich posts and users must be deleted")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_the_command_by_its_name(shell: str) -> None:
    script = told(_XCOMPLIANCE_COMPLETE=f"source_{shell}")
    assert f"_XCOMPLIANCE_COMPLETE=complete_{shell}" in script
    assert "xcompliance" in script


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command under its name."""
    file = tmp_path / "xcompliance"
    file.write_text(f'#!/bin/sh\nexec {shlex.join(XCOMPLIANCE)} "$@"\n')
    file.chmod(0o700)
    return file


def test_it_is_installed_for_the_shell_that_asks(program: Path, tmp_path: Path) -> None:
    asks = ["bash", "--norc", "-c", f"{program} --install-completion; exit $?"]
    subprocess.run(asks, check=True, capture_output=True, env=os.environ | {"HOME": str(tmp_path)})
    script = tmp_path / ".bash_completions" / "xcompliance.sh"
    assert "_XCOMPLIANCE_COMPLETE=complete_bash" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


def test_the_script_works_in_a_real_bash(program: Path) -> None:
    asks = f"""
        {told(_XCOMPLIANCE_COMPLETE="source_bash")}
        complete -p xcompliance
        COMP_WORDS=(xcompliance query to_s) COMP_CWORD=2
        _xcompliance_completion {program}
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", asks], check=True, capture_output=True, text=True)
    rule, names = done.stdout.splitlines()
    assert rule == "complete -o default -F _xcompliance_completion xcompliance"
    assert names == "to_scrub_geo"


def test_nothing_is_imported_that_takes_a_second() -> None:
    slow = {"boto3", "duckdb", "sqlglot"}
    asks = "import sys, xcompliance.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], check=True, capture_output=True, text=True)
    assert slow.isdisjoint(done.stdout.split())
