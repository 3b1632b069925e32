"""Each request to AWS and X is counted once, where it is made; one that botocore repeats as often as it was sent."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.stub import Stubber

from adapters import aws, meter
from adapters.http import Wire
from compliance.consumption import Consumption
from compliance.wire import Request, WireError
from tests.fakes.clock import ManualClock
from tests.unit.conftest import RESULTS

pytestmark = pytest.mark.usefixtures("environment")


class Body:
    """The body of an answer."""

    def stream(self, **_: Any) -> Any:
        yield b'{"__type": "InternalServerError"}'


def sent(client: Any, event: str, *first: Any) -> None:
    """Lets the next requests end so, before one is answered; None lets one through."""
    ends = list(first)

    def end(request: Any, **_: Any) -> Any:
        found = ends.pop(0) if ends else None
        if isinstance(found, Exception):
            raise found
        return found

    client.meta.events.register_first(event, end, unique_id="end")


def counted(act: Any) -> Consumption:
    with meter.running() as found:
        act()
    return found.consumed


def table() -> Any:
    return aws.dynamodb().Table("runs")


def test_a_read_and_a_write_take_the_units_that_dynamodb_says() -> None:
    item = {"pk": "a", "sk": "b"}
    wrote = counted(lambda: table().put_item(Item=item))
    assert wrote == Consumption(dynamodb_requests=1, dynamodb_write_units=1)
    read = counted(lambda: table().get_item(Key=item))
    assert (read.dynamodb_requests, read.dynamodb_write_units) == (1, 0)
    assert read.dynamodb_read_units > 0
    asked = counted(lambda: table().query(KeyConditionExpression=Key("pk").eq("a")))
    assert (asked.dynamodb_requests, asked.dynamodb_write_units) == (1, 0)


def test_a_write_that_its_condition_forbids_takes_a_unit_too() -> None:
    def forbidden() -> None:
        with pytest.raises(ClientError):
            table().put_item(Item={"pk": "a", "sk": "b"}, ConditionExpression=Attr("pk").exists())

    assert counted(forbidden) == Consumption(dynamodb_requests=1, dynamodb_write_units=1)


def test_puts_and_lists_are_told_from_gets_and_what_is_deleted_is_free() -> None:
    s3 = aws.s3()
    put = Consumption(s3_puts=1)
    assert counted(lambda: s3.put_object(Bucket=RESULTS, Key="k", Body=b"x")) == put
    assert counted(lambda: s3.list_object_versions(Bucket=RESULTS)) == put
    assert counted(lambda: s3.get_object(Bucket=RESULTS, Key="k")) == Consumption(s3_gets=1)
    assert counted(lambda: s3.head_object(Bucket=RESULTS, Key="k")) == Consumption(s3_gets=1)
    assert counted(lambda: s3.delete_object(Bucket=RESULTS, Key="k")) == Consumption()


def test_a_secret_is_read_with_its_key() -> None:
    read = counted(lambda: aws.secrets_manager().get_secret_value(SecretId="bearer"))
    assert read == Consumption(secret_reads=1, kms_requests=1)


@pytest.mark.parametrize(
    ("state", "scanned", "expected"),
    [("RUNNING", 0, 0), ("SUCCEEDED", 1, 10), ("SUCCEEDED", 12_000_001, 13), ("CANCELLED", 0, 10), ("FAILED", 9, 0)],
)
def test_a_query_is_counted_when_it_is_over_by_what_athena_has_read_for_it(
    state: str, scanned: int, expected: int
) -> None:
    about = {"Status": {"State": state}, "Statistics": {"DataScannedInBytes": scanned}}
    with Stubber(aws.athena()) as stubber:
        stubber.add_response("get_query_execution", {"QueryExecution": about})
        found = counted(lambda: aws.athena().get_query_execution(QueryExecutionId="q"))
    assert found == Consumption(athena_mb=expected)


@pytest.fixture
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def test_a_request_is_counted_as_often_as_it_was_sent(in_no_time: None) -> None:
    client = aws.s3()
    failed = AWSResponse("https://s3", 500, HTTPHeaders(), Body())
    sent(client, "before-send.s3.PutObject", failed, failed)
    try:
        assert counted(lambda: client.put_object(Bucket=RESULTS, Key="k", Body=b"x")) == Consumption(s3_puts=3)
    finally:
        client.meta.events.unregister("before-send.s3.PutObject", unique_id="end")


def test_requests_without_an_answer_are_counted_too(in_no_time: None) -> None:
    client = aws.s3()
    lost = ConnectionClosedError(endpoint_url="https://s3")
    sent(client, "before-send.s3.GetObject", *[lost] * 5)

    def ask() -> None:
        with pytest.raises(ConnectionClosedError):
            client.get_object(Bucket=RESULTS, Key="k")

    try:
        assert counted(ask) == Consumption(s3_gets=5)
    finally:
        client.meta.events.unregister("before-send.s3.GetObject", unique_id="end")


def test_what_several_threads_ask_for_is_counted() -> None:
    def ask() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: table().put_item(Item={"pk": "a", "sk": str(number)}), range(40)))

    assert counted(ask) == Consumption(dynamodb_requests=40, dynamodb_write_units=40)


def test_what_was_counted_in_one_invocation_is_not_in_the_next() -> None:
    def one() -> None:
        table().put_item(Item={"pk": "a", "sk": "b"})

    assert counted(one) == counted(one)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/2/compliance/jobs?compliance_job.fields=id", Consumption(x_creates=1)),
        ("GET", "/2/compliance/jobs?type=tweets", Consumption(x_gets=1)),
        ("GET", "/2/compliance/jobs/199?compliance_job.fields=id", Consumption(x_gets=1)),
        ("DELETE", "/2/compliance/jobs/199", Consumption()),
        ("PUT", "/2/compliance/jobs/199/upload?token=SECRET", Consumption()),
        ("GET", "/2/compliance/jobs/199/download?token=SECRET", Consumption()),
        ("POST", "/bucket/object?X-Goog-Signature=SECRET", Consumption()),
    ],
)
def test_creates_and_gets_at_x_are_counted_apart_also_when_nobody_answers(
    method: str, path: str, expected: Consumption
) -> None:
    def ask() -> None:
        with pytest.raises(WireError):
            Wire(ManualClock()).send(Request(method, f"http://127.0.0.1:1{path}"))

    assert counted(ask) == expected
