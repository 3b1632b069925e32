"""Errors are a contract by name, and their words are fit for anybody's eyes."""

import json

import pytest

from compliance import errors
from compliance.errors import ComplianceError, PermanentError, StepFailed, TransientError, known, message_of, named


def leaves(kind: type[ComplianceError] = ComplianceError) -> list[type[ComplianceError]]:
    """The errors that are raised: those that are no mere kind of others."""
    own = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [leaf for child in own for leaf in (leaves(child) or [child])]


def cause_of(message: str, kind: str) -> str:
    return json.dumps({"errorMessage": message, "errorType": kind, "stackTrace": ["  File SECRET"]})


def test_every_error_is_either_transient_or_permanent_and_says_what_it_is() -> None:
    for error in leaves():
        assert error.__doc__
        assert getattr(errors, error.__name__) is error
        assert issubclass(error, TransientError) != issubclass(error, PermanentError)
    assert len({error.__name__ for error in leaves()}) == len(leaves())


@pytest.mark.parametrize("error", leaves())
def test_an_error_that_crossed_a_state_machine_is_the_same_again(error: type[ComplianceError]) -> None:
    cause = cause_of('It said "no" — 5 %.', error.__name__)
    again = named(error.__name__, message_of(error.__name__, cause))
    assert type(again) is error
    assert str(again) == 'It said "no" — 5 %.'


def test_a_cause_that_was_cut_off_behind_the_message_still_says_it() -> None:
    cause = cause_of("The gzip file is damaged: pack it again.", "UnsupportedInput")
    for length in range(cause.index('", "errorType') + 1, len(cause)):
        assert message_of("UnsupportedInput", cause[:length]) == "The gzip file is damaged: pack it again."


def test_a_cause_that_was_cut_off_within_the_message_says_what_the_error_is() -> None:
    cause = cause_of('A "quoted" message', "UnsupportedInput")
    for length in range(cause.index('", "errorType')):
        assert message_of("UnsupportedInput", cause[:length]) == errors.UnsupportedInput.__doc__


@pytest.mark.parametrize("cause", ["", "no json", "{}", '{"errorMessage": null}', '{"errorMessage": 5}'])
def test_a_cause_without_a_message_says_what_the_error_is(cause: str) -> None:
    assert message_of("JobFailed", cause) == errors.JobFailed.__doc__


@pytest.mark.parametrize(
    "name",
    ["States.Timeout", "Sandbox.Timedout", "KeyError", "ClientError", "ComplianceError", "TransientError", "Exception"],
)
def test_the_words_of_any_other_failure_are_not_repeated(name: str) -> None:
    cause = cause_of("https://api.x.com/upload?token=SECRET", name)
    assert message_of(name, cause) == f"The step failed with {name}; the log of its function says more."
    assert type(named(name, "")) is StepFailed


@pytest.mark.parametrize(("name", "word"), [("JobFailed", "JobFailed"), ("KeyError", "StepFailed")])
def test_an_error_is_counted_under_a_name_of_ours(name: str, word: str) -> None:
    assert known(name) == word
