"""Whatever the documents tell to type can be typed: no command, option, target or setting that there is not."""

import re
import subprocess
from pathlib import Path

import pytest
import typer
from aws_cdk import App
from typer._click.exceptions import MissingParameter, UsageError  # no other place has them
from typer.core import TyperGroup

from cdk.bundling import ROOT
from cdk.config import SettingError, Settings
from cdk.datasets import datasets_in
from tests.documents.aws_command import NotACommand, read
from tests.documents.reading import DOCUMENTS, PLACEHOLDER, Command, blocks, commands
from xcompliance.cli import app

COMMANDS = commands()
SCRIPTS = [(document, script) for document in DOCUMENTS for script in blocks(document, "sh")]
OF_THE_SHELL = {"printf", "read", "unset", "export", "git"}
HELP = dict(re.findall(r"^([a-z-]+):.*?## (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
SETTING = re.compile(r"-c ([\w-]+)=([^\s`\"]*)")


def of(program: str) -> "pytest.MarkDecorator":
    found = sorted({command for command in COMMANDS if command.program == program}, key=str)
    return pytest.mark.parametrize("command", found, ids=str)


def understood(command: Command) -> None:
    """Raises a UsageError for what the command would refuse before it does anything."""
    group = typer.main.get_command(app)
    words = list(command.words[1:])
    while isinstance(group, TyperGroup):
        name = words.pop(0)
        if name.startswith("-"):
            assert any(name in parameter.opts for parameter in group.params), f"there is no option {name}"
            return
        assert name in group.commands, f"there is no command {name}"
        group = group.commands[name]
    try:
        group.make_context(group.name, words)
    except MissingParameter:
        if command.whole:
            raise


def test_there_are_commands_of_each_kind() -> None:
    counts = {
        program: sum(each.program == program for each in COMMANDS)
        for program in ("xcompliance", "make", "aws", "python")
    }
    assert min(counts.values()) > 3, counts
    assert {each.program for each in COMMANDS} <= counts.keys() | OF_THE_SHELL


@of("xcompliance")
def test_a_command_of_ours_is_understood(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    understood(command)


def test_each_command_of_ours_that_a_text_names_exists() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for document in DOCUMENTS:
        named = set(re.findall(r"(?<![\w/@{-])xcompliance ([a-z]+)\b", document.read_text(encoding="utf-8")))
        assert named <= group.commands.keys(), document.name


@of("make")
def test_make_knows_the_target_and_its_variables(command: Command) -> None:
    _, target, *variables = command.words
    assert target in HELP
    dry = subprocess.run(
        ["make", "--dry-run", target, *variables], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert dry.returncode == 0, dry.stderr
    told = re.findall(r"\b([A-Z_]+)=", HELP[target])
    for variable in variables:
        assert variable.partition("=")[0] in told, f"make help does not tell of {variable}"


TYPED = {"deploy", "destroy"}
"""Targets that tests/end_to_end/command types; the first synthesizes, too."""
NOT_TYPED = {
    "bench": "takes minutes to hours; tests/bench runs its parts",
    "bootstrap": "the sandbox is bootstrapped by the same command of the CDK's, in xcompliance/sandbox/deployment.py",
    "chaos": "tests/chaos runs the same, for seconds",
    "conformance": "takes minutes; tests/conformance runs a small part of it",
    "demo": "needs a sandbox of its own; tests/command/test_demo.py and test_figures.py hold what it says",
    "drawings": "writes into the tree; tests/statemachine/test_drawing.py holds what it writes",
    "fuzz": "takes an hour; tests/fuzz runs the same on less",
    "help": "tests/documents reads what it prints",
    "lint": "comes before the tests",
    "mutation": "takes an hour",
    "pins": "asks the registry; tests/security/test_packages.py holds what it writes",
    "release": "writes into the tree; tests/infrastructure/test_upgrades.py writes the same elsewhere",
    "scale": "takes an hour; tests/end_to_end/scale runs the same on less",
    "security": "comes before the tests",
    "test": "is what runs",
    "test-browser": "needs Chromium, and comes after the tests",
}


def test_each_target_is_typed_or_there_is_a_reason_why_not() -> None:
    assert {command.words[1] for command in COMMANDS if command.program == "make"} == TYPED | NOT_TYPED.keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_setting_is_one_with_that_value(document: Path) -> None:
    for line in document.read_text(encoding="utf-8").splitlines():
        if given := dict(SETTING.findall(line)):
            given.pop("datasets_file", None)  # a reader's own
            Settings(**given)


@pytest.mark.parametrize("script", [each for document in DOCUMENTS for each in blocks(document, "yaml")])
def test_settings_and_datasets_can_be_written_as_they_are_shown(script: str, tmp_path: Path) -> None:
    file = tmp_path / "shown.yaml"
    file.write_text(script)
    if "datasets:" in script:
        assert datasets_in(file)
    else:
        assert Settings.from_context(App(context={"config": str(file)}).node) != Settings()


def test_what_is_to_stay_is_not_set_on_the_command_line() -> None:
    """The next deployment without it would take it back."""
    given = {name for document in DOCUMENTS for name, _ in SETTING.findall(document.read_text(encoding="utf-8"))}
    assert SETTING.findall("make deploy CONTEXT='-c keep_data=false'")
    assert given == set()


@of("aws")
def test_aws_has_the_command_and_its_options(command: Command) -> None:
    read(command.words, lambda name: "{}")


def test_no_command_is_given_a_secret_where_the_list_of_processes_shows_it() -> None:
    putting = [each for each in COMMANDS if "--secret-string" in each.words]
    assert {each.document for each in putting} == {
        *("README.md", "SECURITY.md", "docs/first-deployment.md", "docs/operations.md")
    }
    assert {each.words[each.words.index("--secret-string") + 1] for each in putting} == {"file:///dev/stdin"}


@of("python")
def test_what_python_is_to_run_is_there(command: Command) -> None:
    if command.words[1] == "-c":
        compile(command.words[2], command.document, "exec")
        return
    assert command.words[1:3] == ("-m", "pytest")
    assert [path for path in command.words[3:] if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("document", "script"), SCRIPTS)
def test_a_script_is_one_of_the_shell_s(document: Path, script: str) -> None:
    done = subprocess.run(
        ["bash", "-n"], input=PLACEHOLDER.sub("it", script), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{document.name}: {done.stderr}"


@pytest.mark.parametrize(
    "text",
    [
        "aws s3api put-objects --bucket inbox",
        "aws s3api put-object --bucket inbox --keys a",
        "aws s3api put-object --bucket inbox",
        "aws s5 cp a s3://inbox/tweets/a",
        "aws s3 cp a s3://inbox/tweets/a --recursively",
        "aws events put-targets --rule a --targets Idd=job,Arn=a",
        "aws logs tail",
    ],
)
def test_what_aws_does_not_have_is_noticed(text: str) -> None:
    with pytest.raises(NotACommand):
        read(text.split(), lambda name: "{}")


@pytest.mark.parametrize(
    "words", ["nothing", "runs --nothing", "results", "lookup 1 --type posts", "--nothing", "sandbox sideways"]
)
def test_what_our_command_does_not_have_is_noticed(words: str) -> None:
    with pytest.raises((AssertionError, UsageError)):
        understood(Command("", ("xcompliance", *words.split())))


def test_a_setting_that_there_is_not_is_noticed() -> None:
    with pytest.raises(SettingError):
        Settings(**dict(SETTING.findall("-c part_size_mb=0")))
    with pytest.raises(TypeError):
        Settings(**dict(SETTING.findall("-c part_size=1")))
