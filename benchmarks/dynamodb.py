"""Tables that take what they are sent: as much of DynamoDB as the functions ask for, with a delay per request.

``python -m benchmarks.dynamodb [--rate BYTES_PER_SECOND] [--delay SECONDS]``; the delay is that of each answer.
"""

import json
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import Any

from benchmarks.link import Link, add_link_arguments
from benchmarks.loopback import Connection, serve


@dataclass(frozen=True)
class Table:
    """Items by their keys; conditions are not looked at, as nobody else writes."""

    items: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def converse(self, connection: Connection) -> None:
        """Answers all requests of a connection."""
        for head in connection.heads():
            request = json.loads(b"".join(connection.body(head.length)))
            connection.link.think()
            answer = self._answer(head.headers["x-amz-target"].partition(".")[2], request)
            connection.answer(200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode())

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        match operation:
            case "BatchGetItem":
                ((table, wanted),) = request["RequestItems"].items()
                found = [self.items.get(_key(key)) for key in wanted["Keys"]]
                return {"Responses": {table: [item for item in found if item]}, "UnprocessedKeys": {}}
            case "BatchWriteItem":
                for requests in request["RequestItems"].values():
                    for each in requests:
                        self._put(each["PutRequest"]["Item"])
                return {"UnprocessedItems": {}}
            case "PutItem":
                self._put(request["Item"])
            case "GetItem":
                return {"Item": self.items[_key(request["Key"])]}
            case "UpdateItem":
                # Of an update, the runs table's: it sets each attribute to the value of the same name.
                item = self.items.setdefault(_key(request["Key"]), {})
                item |= {name[1:]: value for name, value in request["ExpressionAttributeValues"].items()}
                return {"Attributes": item}
        return {}

    def _put(self, item: dict[str, Any]) -> None:
        self.items[_key(item)] = item


def _key(item: dict[str, Any]) -> tuple[str, ...]:
    """Of an item, or of its key alone, in any of the tables."""
    return tuple(item[name]["S"] for name in ("subject", "pk", "sk") if name in item)


def main() -> None:
    """Serves until standard input ends."""
    parser = ArgumentParser(prog="python -m benchmarks.dynamodb")
    add_link_arguments(parser)
    serve(Table().converse, Link.of(parser.parse_args()))


if __name__ == "__main__":
    main()
