"""What stands for something else in a command of the documents, and what it stands for on a sandbox."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cdk.bundling import ROOT
from tests.documents.aws_command import ask, read
from tests.documents.reading import Command, blocks
from xcompliance.sandbox.sandbox import BEARER_TOKEN
from xcompliance.stack import Stack

STANDS_FOR_SOMETHING = re.compile(r"<([^<>]+)>|\$(\w+)")
RULE = "delete-posts"


@dataclass(frozen=True)
class Reader:
    """Somebody who types what the documents say, in a folder of his own, with one run to look at."""

    stack: Stack
    folder: Path
    run_id: str

    def prepare(self, ids: list[str]) -> None:
        """Writes the files that the examples speak of."""
        text = "".join(f"{each}\n" for each in ids)
        (self.folder / "ids.txt").write_text(text)
        (self.folder / "export.csv").write_text("status,text\n" + "".join(f"{each},a post\n" for each in ids))
        (self.folder / "export").mkdir()
        for name in ("one.txt", "two.txt"):
            (self.folder / "export" / name).write_text(text)
        (self.folder / "pattern.json").write_text(blocks(ROOT / "docs" / "events.md", "json")[1])

    def client(self, service: str) -> Any:
        return self.stack.session.client(service, **self.stack.connection)  # type: ignore[call-overload]

    def filled(self, command: Command, **given: str) -> list[str]:
        """The command's words, with what they stand for here, or what is ``given`` for it."""
        return [
            STANDS_FOR_SOMETHING.sub(lambda match: given.get(name := match[1] or match[2]) or self._value(name), each)
            for each in command.words
        ]

    def type_aws(self, command: Command, **given: str) -> Any:
        """Asks AWS; whatever it refuses is raised."""
        return ask(read(self.filled(command, **given), self._file), self.client, self.folder)

    def forget(self) -> None:
        """Takes away the example's rule, lest it goes on listening."""
        events = self.client("events")
        events.remove_targets(Rule=RULE, Ids=["job"])
        events.delete_rule(Name=RULE)

    def _file(self, name: str) -> str:
        """What the reader has written, or else finds beside the documents."""
        if name == "/dev/stdin":
            return BEARER_TOKEN
        own = self.folder / name
        return (own if own.exists() else ROOT / name).read_text()

    def _value(self, name: str) -> str:
        values: Mapping[str, Callable[[], str]] = {
            "BEARER_TOKEN": lambda: BEARER_TOKEN,
            "FUNCTION_ARN": self._function,
            "QUEUE_ARN": self._queue,
            "RULE_ARN": lambda: str(self.client("events").describe_rule(Name=RULE)["Arn"]),
            "VersionId": partial(self._version, "tweets/ids.txt"),
            "run": lambda: self.run_id,
            "the-queues-URL": self._queue_url,
            "the-rule": self._rule_of_turns,
            "the-body,-or-its-detail-if-it-has-one": self._event,
            "the-messages-body,-or-its-requestPayload": lambda: "{}",
        }
        return values[name]() if name in values else self.stack[name]

    def _function(self) -> str:
        """The function that looks after the turns, whatever event it is given that is of no execution."""
        found = self.client("lambda").get_function_configuration(FunctionName="XCompliance-settle_execution")
        return str(found["FunctionArn"])

    def _queue_url(self) -> str:
        return str(self.client("sqs").list_queues()["QueueUrls"][0])

    def _queue(self) -> str:
        asked = self.client("sqs").get_queue_attributes(QueueUrl=self._queue_url(), AttributeNames=["QueueArn"])
        return str(asked["Attributes"]["QueueArn"])

    def _version(self, key: str) -> str:
        found = self.client("s3").list_object_versions(Bucket=self.stack["InboxBucketName"], Prefix=key)
        return str(found["Versions"][0]["VersionId"])

    def _rule_of_turns(self) -> str:
        rules = self.client("events").list_rules()["Rules"]
        return str(next(each["Name"] for each in rules if "LookAfterTurns" in each["Name"]))

    def _event(self) -> str:
        """The event that has started the run, once more."""
        machine = self.stack["RunStateMachineArn"]
        executions = self.stack.step_functions.list_executions(stateMachineArn=machine)["executions"]
        described = self.stack.step_functions.describe_execution(executionArn=executions[-1]["executionArn"])
        return json.dumps(json.loads(described["input"]))
