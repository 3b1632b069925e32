"""What the index says of single IDs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from xcompliance import lookup
from xcompliance.cli import app
from xcompliance.stack import Stack

from .conftest import Invoke, json_of
from .items import RUN_ID, run_item, without

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Write = Callable[[Mapping[str, Any]], None]
SINCE = "2026-11-23T13:46:02.000Z"
FIRST, SECOND, CLEAN = "1460323737035677698", "20", "9223372036854775807"


def item(subject_id: str, job_type: str = "tweets", **attributes: Any) -> dict[str, Any]:
    return {
        "subject": f"{job_type}#{subject_id}",
        "id": subject_id,
        "type": job_type,
        "action": "delete",
        "reason": "deleted",
        "since": SINCE,
        "checked_at": SINCE,
        "run_id": RUN_ID,
        "part": 1,
        **attributes,
    }


@pytest.fixture(autouse=True)
def found(index: "Table") -> None:
    for each in (item(FIRST), item(SECOND, action="rehydrate", reason="tweet_edited"), item(CLEAN, "users")):
        index.put_item(Item=each)


def piped(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["lookup", *arguments, "--type", "tweets"], input=text)


def ids(result: Result) -> list[str]:
    return [each["id"] for each in json_of(result)]


def test_each_id_has_a_row_in_the_order_asked(invoke: Invoke) -> None:
    result = invoke("lookup", SECOND, CLEAN, FIRST, SECOND, "--type", "tweets")
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["id", "action", "reason", "since", "run"],
        [SECOND, "rehydrate", "tweet_edited", SINCE, RUN_ID],
        [CLEAN, "no", "finding", "-", "-", "-"],
        [FIRST, "delete", "deleted", SINCE, RUN_ID],
        [SECOND, "rehydrate", "tweet_edited", SINCE, RUN_ID],
    ]


def test_no_finding_is_not_sold_as_clean(invoke: Invoke) -> None:
    result = invoke("lookup", FIRST, CLEAN, "--type", "tweets")
    assert "means clean only if the ID was ever checked" in result.stderr
    assert f"FROM compliance_status WHERE type = 'tweets' AND id = '{CLEAN}'" in result.stderr
    assert invoke("lookup", FIRST, "--type", "tweets").stderr == ""


def test_an_index_that_is_turned_off_says_nothing(invoke: Invoke, write: Write) -> None:
    write(without(run_item(), "indexed", "unchanged", "outranked"))
    assert "no finding means nothing here" in invoke("lookup", CLEAN, "--type", "tweets").stderr


def test_posts_and_users_are_different_subjects(invoke: Invoke) -> None:
    assert json_of(invoke("lookup", CLEAN, FIRST, "--type", "users", "--json")) == [
        {
            "id": CLEAN,
            "type": "users",
            "action": "delete",
            "reason": "deleted",
            "since": SINCE,
            "run_id": RUN_ID,
        },
        {"id": FIRST, "type": "users", "action": None, "reason": None, "since": None, "run_id": None},
    ]


def test_ids_are_read_from_stdin() -> None:
    assert ids(piped(f'\ufefftweet_id\r\n{FIRST}\r\n\r\n"{SECOND}"\n', "7", "-", "8", "--json")) == [
        "7",
        FIRST,
        SECOND,
        "8",
    ]


def test_more_ids_than_one_request_takes() -> None:
    asked = [str(number) for number in range(1, 251)]
    result = piped("\n".join(asked), "-", "--json")
    assert ids(result) == asked
    assert [each["id"] for each in json_of(result) if each["action"]] == [SECOND]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "'abc' in line 1 (not digits)"),
        ("1\n012", "'012' in line 2 (leading zero)"),
        ("9223372036854775808", "(out of range)"),
        ("a\nb\nc\nd\ne", "and 2 more"),
        ("[red]", "'[red]'"),
        ("", "There is no ID to look up."),
        ("tweet_id\n\n", "There is no ID to look up."),
    ],
)
def test_what_is_no_id_is_named(text: str, message: str) -> None:
    result = piped(text, "-")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_an_argument_that_is_no_id_is_named(invoke: Invoke) -> None:
    result = invoke("lookup", FIRST, "https://x.com/a/status/20", "--type", "tweets")
    assert result.exit_code == 2
    assert "Not an ID: 'https://x.com/a/status/20' (not digits)" in result.stderr


class Busy:
    """DynamoDB that reads ``room`` keys of each request, and leaves the others to be asked for again."""

    def __init__(self, stack: Stack, room: int) -> None:
        client: Any = stack.results_table.meta.client
        self._real = client.batch_get_item
        self._room = room
        self.asked: list[int] = []

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 -- as boto3 names it
        ((table, asked),) = RequestItems.items()
        keys = asked["Keys"]
        self.asked.append(len(keys))
        read, left = keys[: self._room], keys[self._room :]
        unread = {table: {**asked, "Keys": left}} if left else {}
        answer = self._real(RequestItems={table: {**asked, "Keys": read}}) if read else {"Responses": {}}
        return {**answer, "UnprocessedKeys": unread}


@pytest.fixture
def busy(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Busy]:
    def make(room: int) -> Busy:
        fake = Busy(stack, room)
        monkeypatch.setattr(stack.results_table.meta.client, "batch_get_item", fake.batch_get_item)
        monkeypatch.setattr("xcompliance.target.stack_of", lambda prefix: stack)
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        return fake

    return make


def test_keys_that_were_left_out_are_asked_for_again(invoke: Invoke, busy: Callable[[int], Busy]) -> None:
    dynamodb = busy(1)
    found = json_of(invoke("lookup", CLEAN, FIRST, SECOND, "--type", "tweets", "--json"))
    assert [each["action"] for each in found] == [None, "delete", "rehydrate"]
    assert dynamodb.asked == [3, 2, 1]


def test_it_does_not_ask_for_ever(invoke: Invoke, busy: Callable[[int], Busy]) -> None:
    dynamodb = busy(0)
    result = invoke("lookup", FIRST, "--type", "tweets")
    assert result.exit_code == 2
    assert "DynamoDB is too busy to answer." in result.stderr
    assert len(dynamodb.asked) == lookup.TRIES
