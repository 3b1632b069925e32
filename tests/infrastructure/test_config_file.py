"""Settings from a file: the same values, the same errors, and the file and key that they are about."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from aws_cdk import App

from cdk.bundling import ROOT
from cdk.config import SettingError, Settings
from cdk.config_example import EXAMPLE_FILE, example

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into the folder that the app runs in, and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "config.yaml") -> str:
        (tmp_path / name).write_text(text)
        return name

    return write


def settings(**context: object) -> Settings:
    return Settings.from_context(App(context=context).node)


def test_a_file_gives_what_the_command_line_gives(write: Write) -> None:
    write(
        "prefix: Archive\npart_size_mb: 64\nreject_limit_percent: 2.5\nresults_index: no\nid_column: 2\n"
        "tags: {team: trust, cost-centre: 4711}\n"
    )
    given = "team=trust,cost-centre=4711"
    assert settings() == Settings(
        prefix="Archive",
        part_size_mb=64,
        reject_limit_percent=2.5,
        results_index=False,
        id_column="2",
        tags=given,  # type: ignore[arg-type]
    )


def test_without_a_file_there_are_the_defaults(write: Write) -> None:
    assert settings() == Settings()
    write("# nothing yet\n")
    assert settings() == Settings()


def test_the_command_line_goes_before_the_file(write: Write) -> None:
    write("prefix: Archive\npart_size_mb: 64\n")
    found = settings(part_size_mb="32")
    assert (found.prefix, found.part_size_mb) == ("Archive", 32)


def test_several_deployments_have_several_files(write: Write) -> None:
    write("prefix: Archive\n")
    write("prefix: ArchiveProduction\nkeep_data: true\n", "prod.yaml")
    write("prefix: ArchiveTest\nkeep_data: false\n", "test.yaml")
    assert [settings(config=name).prefix for name in ("prod.yaml", "test.yaml")] == ["ArchiveProduction", "ArchiveTest"]


def test_a_file_that_was_named_must_be_there(write: Write) -> None:
    with pytest.raises(SettingError, match=r"prod\.yaml cannot be read: .*No such file"):
        settings(config="prod.yaml")


def test_the_sandbox_reads_no_file_unless_it_is_told_to(write: Write) -> None:
    name = write("prefix: Archive\nkeep_data: true\n")
    assert settings(sandbox="true") == Settings(sandbox=True, keep_data=False, datasets_file="")
    assert settings(sandbox="true", config=name).prefix == "Archive"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("part_size_mb: 0", "config.yaml: part_size_mb must be a whole number from 1 to 1024, not 0"),
        ("part_size_mb: a lot", "config.yaml: part_size_mb must be a whole number from 1 to 1024, not 'a lot'"),
        ("prefix: [a]", "config.yaml: prefix must be 1 to 32 letters, digits or hyphens, a letter first, not ['a']"),
        ("alarm_email:", "config.yaml: alarm_email must be an e-mail address, or empty for none, not None"),
        ("results_index: maybe", "config.yaml: results_index must be true or false, not 'maybe'"),
        ("part_size: 64", "config.yaml: part_size is no setting; did you mean part_size_mb?"),
        ("colour: red", "config.yaml: colour is no setting"),
        ("1: 2", "config.yaml: 1 is no setting"),
        ("sandbox: true", "config.yaml: sandbox is for the command line alone"),
        ("x_api_url: http://x.example", "config.yaml: x_api_url must begin with https: outside the sandbox"),
        ("first_poll_seconds: 3600\nmax_poll_seconds: 60", "config.yaml: first_poll_seconds must lie between"),
        ("proof_days: 415", "config.yaml: proof_days must be 0, which is for ever, or working_copies_days"),
        ("- prefix", "config.yaml must have settings, one a line, as in: prefix: Archive"),
        ("prefix: [", "config.yaml cannot be read: while parsing"),
    ],
)
def test_an_error_names_the_file_and_the_key_and_what_is_acceptable(write: Write, text: str, says: str) -> None:
    write(text)
    with pytest.raises(SettingError) as caught:
        settings()
    assert str(caught.value).startswith(says)


def test_of_two_values_for_one_key_none_is_taken(write: Write) -> None:
    write("results_days: 90\nprefix: Archive\nresults_days: 731\n")
    with pytest.raises(SettingError, match=r"(?s)config\.yaml cannot be read: .*results_days is given twice.*line 1"):
        settings()


def test_an_error_of_the_command_line_does_not_blame_the_file(write: Write) -> None:
    write("part_size_mb: 64")
    with pytest.raises(SettingError, match=r"^CDK context part_size_mb must be"):
        settings(part_size_mb="0")


def test_a_misspelt_name_of_the_file_is_not_passed_over(write: Write) -> None:
    with pytest.raises(SettingError, match="CDK context confg is no setting; did you mean config"):
        settings(confg="prod.yaml")


def test_the_example_is_what_the_settings_say() -> None:
    said = (ROOT / EXAMPLE_FILE).read_text()
    assert said == example(), f"renew it: .venv/bin/python -m cdk.config_example > {EXAMPLE_FILE}"


def test_each_line_of_the_example_can_be_taken_as_it_is(write: Write) -> None:
    text = example()
    assert yaml.safe_load(text) is None
    lines = [line for line in text.splitlines() if line.startswith("#") and not line.startswith("# ")]
    assert len(lines) == len(fields(Settings)) - 1
    write("\n".join(line.removeprefix("#") for line in lines))
    assert settings() == Settings()
