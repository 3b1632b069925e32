"""DynamoDB, S3, Athena and Secrets Manager in memory, behind boto's own clients: twenty times as fast as an emulator.

Only as much as the functions ask for; whatever else they ask for is an error. ``test_interpreter.py`` holds a whole run
against moto.
"""

import base64
import io
import json
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import google_crc32c
from botocore.response import StreamingBody

Item = dict[str, Any]
Answer = dict[str, Any]


_units: ContextVar[dict[str, float]] = ContextVar("_units")
"""What the call under way takes of DynamoDB; calls are made in several threads."""


class UnsupportedCallError(AssertionError):
    """A function asks AWS for something that is not played here."""


class Refusal(Exception):
    """AWS refuses a call, with a status and a code."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.answer = {"Error": {"Code": code, "Message": code}, **more}
        self.status = status


@dataclass
class Version:
    """One version of an S3 object."""

    id: str
    body: bytes
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Another one for each version, as under a KMS key, also of the same bytes."""
        return f'"etag-{self.id}"'


@dataclass
class Query:
    """A query of Athena's, which still runs when it is first asked about."""

    sql: str
    output: str
    token: str
    asked: int = 0
    status: Answer = field(default_factory=lambda: {"State": "RUNNING"})


@dataclass
class MemoryAws:
    """What AWS keeps. ``tables`` maps a table's name to its key's names and its items, as DynamoDB writes them."""

    tables: dict[str, tuple[tuple[str, ...], dict[tuple[str, ...], Item]]] = field(default_factory=dict)
    objects: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    uploads: dict[str, tuple[str, str, dict[int, Version]]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    queries: dict[str, "Query"] = field(default_factory=dict)
    query_failures: list[Answer] = field(default_factory=list)
    found: bytes = b""
    """What a dataset's query finds."""

    versions: int = 0

    def do(self, service: str, operation: str, params: dict[str, Any]) -> Answer:
        """The answer to one call; raises Refusal."""
        name = f"_{re.sub(r'(?<!^)(?=[A-Z])', '_', operation).lower()}"
        act: Callable[[dict[str, Any]], Answer] | None = getattr(self, name, None)
        if act is None or service not in ("dynamodb", "s3", "athena", "secretsmanager"):
            raise UnsupportedCallError(f"{service}:{operation}")
        units = {"reads": 0.0, "writes": 0.0}
        _units.set(units)
        asks_for_units = params.pop("ReturnConsumedCapacity", None) == "TOTAL"
        answer = act(params)
        if asks_for_units:
            answer = answer | {"ConsumedCapacity": _capacity(operation, params, sum(units.values()))}
        return json.loads(json.dumps(answer)) if service == "dynamodb" else answer

    # DynamoDB, as it is on the wire.

    def create_table(self, name: str, *keys: str) -> None:
        self.tables[name] = (keys, {})

    def items(self, table: str) -> list[Item]:
        """All items of a table, with Python's values for those of DynamoDB."""
        return [{name: plain(value) for name, value in item.items()} for item in self.tables[table][1].values()]

    def _get_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "TableName", "Key", "ConsistentRead")
        item = self._table(params).get(self._key(params, params["Key"]))
        self._take_reads(params, item or {})
        return {} if item is None else {"Item": item}

    def _put_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "TableName", "Item", *_CONDITION)
        self._require(params, params["Item"])
        place = self._key(params, params["Item"])
        self._take_writes(self._table(params).get(place, {}), params["Item"])
        self._table(params)[place] = params["Item"]
        return {}

    def _delete_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "TableName", "Key", *_CONDITION)
        self._require(params, params["Key"])
        self._take_writes(self._table(params).pop(self._key(params, params["Key"]), {}), {})
        return {}

    def _update_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "TableName", "Key", "UpdateExpression", "ReturnValues", *_CONDITION)
        self._require(params, params["Key"])
        place = self._key(params, params["Key"])
        item = dict(self._table(params).get(place, params["Key"]))
        before = item.copy()
        match = re.fullmatch(r"(?:SET (.+?))?(?:\s*REMOVE (.+))?(?:ADD (.+))?", params["UpdateExpression"])
        if match is None:
            raise UnsupportedCallError(params["UpdateExpression"])
        for clause in filter(None, (match[1] or "").split(", ")):
            name, value = clause.split(" = ")
            item[_name(name, params)] = params["ExpressionAttributeValues"][value]
        for name in filter(None, (match[2] or "").split(", ")):
            item.pop(_name(name, params), None)
        for clause in filter(None, (match[3] or "").split(", ")):
            name, more = (
                plain(params["ExpressionAttributeValues"][each]) if each[0] == ":" else _name(each, params)
                for each in clause.split()
            )
            item[name] = {"N": str(round(plain(item.get(name, {"N": "0"})) + more, 6))}
        self._take_writes(before, item)
        self._table(params)[place] = item
        return {"Attributes": item} if params.get("ReturnValues") == "ALL_NEW" else {}

    def _query(self, params: dict[str, Any]) -> Answer:
        _only(params, "TableName", "KeyConditionExpression", "ConsistentRead", "Limit", *_CONDITION)
        table = self._table(params)
        condition = params["KeyConditionExpression"]
        items = [table[place] for place in sorted(table) if _holds(condition, table[place], params)]
        self._take_reads(params, *items)
        limit = params.get("Limit", len(items))
        answer: Answer = {"Items": items[:limit], "Count": min(limit, len(items))}
        return answer | ({"LastEvaluatedKey": {}} if limit < len(items) else {})

    def _transact_write_items(self, params: dict[str, Any]) -> Answer:
        _only(params, "TransactItems", "ClientRequestToken")
        acts = [(verb, about) for item in params["TransactItems"] for verb, about in item.items()]
        reasons = []
        for verb, about in acts:
            try:
                self._require(about, about["Item" if verb == "Put" else "Key"])
                reasons.append({"Code": "None"})
            except Refusal:
                reasons.append({"Code": "ConditionalCheckFailed"})
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refusal(400, "TransactionCanceledException", CancellationReasons=reasons)
        for verb, about in acts:
            {"Put": self._put_item, "Delete": self._delete_item, "Update": self._update_item}[verb](about)
        _units.get()["writes"] *= 2
        return {}

    def _batch_write_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "RequestItems")
        for table, requests in params["RequestItems"].items():
            if len(requests) > 25:
                raise Refusal(400, "ValidationException")
            for request in requests:
                self._put_item({"TableName": table, "Item": request["PutRequest"]["Item"]})
        return {"UnprocessedItems": {}}

    def _batch_get_item(self, params: dict[str, Any]) -> Answer:
        _only(params, "RequestItems")
        answers: dict[str, list[Item]] = {}
        for table, about in params["RequestItems"].items():
            _only(about, "Keys", "ProjectionExpression", "ConsistentRead", *_CONDITION)
            wanted = [_name(name, about) for name in about["ProjectionExpression"].split(", ")]
            found = [self.tables[table][1].get(self._key({"TableName": table}, key)) for key in about["Keys"]]
            if len(found) > 100:
                raise Refusal(400, "ValidationException")
            for item in found:
                self._take_reads(about, item or {})
            answers[table] = [{name: item[name] for name in wanted if name in item} for item in found if item]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _take_reads(self, params: dict[str, Any], *items: Item) -> None:
        """A unit for each 4 KB, half of one where old news will do."""
        units = max(1, -(-sum(map(size, items)) // 4096))
        _units.get()["reads"] += units if params.get("ConsistentRead") else units / 2

    def _take_writes(self, before: Item, after: Item) -> None:
        """A unit for each KB of the larger one, and the same again in the index of runs if it is listed there."""
        units = max(1, -(-max(size(before), size(after)) // 1024))
        _units.get()["writes"] += 2 * units if "listing" in before | after else units

    def _table(self, params: dict[str, Any]) -> dict[tuple[str, ...], Item]:
        return self.tables[params["TableName"]][1]

    def _key(self, params: dict[str, Any], item: Item) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in self.tables[params["TableName"]][0])

    def _require(self, params: dict[str, Any], item: Item) -> None:
        known = self._table(params).get(self._key(params, item), {})
        if "ConditionExpression" in params and not _holds(params["ConditionExpression"], known, params):
            raise Refusal(400, "ConditionalCheckFailedException")

    # S3.

    def put(self, bucket: str, key: str, body: bytes, metadata: dict[str, str] | None = None) -> str:
        """Writes an object; returns its version."""
        version = self._new(body, metadata or {})
        self.objects.setdefault((bucket, key), []).append(version)
        return version.id

    def _new(self, body: bytes, metadata: dict[str, str]) -> Version:
        self.versions += 1
        return Version(f"version-{self.versions}", body, metadata)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return sorted(key for place, key in self.objects if place == bucket and key.startswith(prefix))

    def body(self, bucket: str, key: str) -> bytes:
        return self.objects[bucket, key][-1].body

    def _put_object(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Key", "Body", "ChecksumCRC32C", "ContentType", "IfNoneMatch", "IfMatch", "Metadata")
        body = _bytes(params)
        if params.get("IfNoneMatch") == "*" and (params["Bucket"], params["Key"]) in self.objects:
            raise Refusal(412, "PreconditionFailed")
        if "IfMatch" in params and params["IfMatch"] != self._version(params, missing="NoSuchKey").etag:
            raise Refusal(412, "PreconditionFailed")
        self.put(params["Bucket"], params["Key"], body, params.get("Metadata"))
        return {"ETag": self.objects[params["Bucket"], params["Key"]][-1].etag}

    def _head_object(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Key", "VersionId")
        version = self._version(params, missing="404")
        about = {"ETag": version.etag, "VersionId": version.id, "ContentLength": len(version.body)}
        return about | {"Metadata": version.metadata}

    def _get_object_tagging(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Key", "VersionId")
        tags = self._version(params, missing="NoSuchVersion").tags
        return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _list_object_versions(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Prefix")
        found = [
            {"Key": key, "VersionId": version.id, "Size": len(version.body), "IsLatest": version is versions[-1]}
            for (bucket, key), versions in sorted(self.objects.items())
            for version in versions
            if bucket == params["Bucket"] and key.startswith(params["Prefix"])
        ]
        return {"Versions": found, "IsTruncated": False}

    def _list_objects_v2(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Prefix", "MaxKeys")
        found = [key for bucket, key in sorted(self.objects) if bucket == params["Bucket"]]
        found = [key for key in found if key.startswith(params["Prefix"])][: params["MaxKeys"]]
        return {"Contents": [{"Key": key} for key in found], "IsTruncated": False}

    def _get_object(self, params: dict[str, Any]) -> Answer:
        _only(params, "Bucket", "Key", "VersionId", "Range", "IfMatch")
        version = self._version(params, missing="NoSuchKey")
        if params.get("IfMatch", version.etag) != version.etag:
            raise Refusal(412, "PreconditionFailed")
        body, about = version.body, dict[str, Any]()
        if "Range" in params:
            match = re.fullmatch(r"bytes=(\d+)-(\d*)", params["Range"])
            if match is None:
                raise UnsupportedCallError(params["Range"])
            start, end = int(match[1]), min(int(match[2] or len(body)) + 1, len(body))
            if start >= len(body):
                raise Refusal(416, "InvalidRange")
            about = {"ContentRange": f"bytes {start}-{end - 1}/{len(body)}"}
            body = body[start:end]
        stream = StreamingBody(io.BytesIO(body), len(body))
        about |= {"ETag": version.etag, "VersionId": version.id, "Metadata": version.metadata}
        if version.tags:
            about["TagCount"] = len(version.tags)
        return {"Body": stream, "ContentLength": len(body), **about}

    def _create_multipart_upload(self, params: dict[str, Any]) -> Answer:
        self.versions += 1
        upload_id = f"upload-{self.versions}"
        self.uploads[upload_id] = (params["Bucket"], params["Key"], {})
        return {"UploadId": upload_id}

    def _upload_part(self, params: dict[str, Any]) -> Answer:
        piece = self._new(_bytes(params), {})
        self._upload(params)[2][params["PartNumber"]] = piece
        return {"ETag": piece.etag, "ChecksumCRC32C": _crc32c(piece.body)}

    def _complete_multipart_upload(self, params: dict[str, Any]) -> Answer:
        bucket, key, pieces = self._upload(params)
        named = [(part["PartNumber"], part["ETag"]) for part in params["MultipartUpload"]["Parts"]]
        if named != [(number, pieces[number].etag) for number in sorted(pieces)]:
            raise Refusal(400, "InvalidPart")
        self.put(bucket, key, b"".join(pieces[number].body for number in sorted(pieces)))
        del self.uploads[params["UploadId"]]
        return {}

    def _abort_multipart_upload(self, params: dict[str, Any]) -> Answer:
        self._upload(params)
        del self.uploads[params["UploadId"]]
        return {}

    def _upload(self, params: dict[str, Any]) -> tuple[str, str, dict[int, Version]]:
        if params["UploadId"] not in self.uploads:
            raise Refusal(404, "NoSuchUpload")
        return self.uploads[params["UploadId"]]

    def _version(self, params: dict[str, Any], missing: str) -> Version:
        versions = self.objects.get((params["Bucket"], params["Key"]), [])
        wanted = params.get("VersionId")
        for version in reversed(versions):
            if wanted in (None, version.id):
                return version
        raise Refusal(404, missing)

    # Athena.

    def _start_query_execution(self, params: dict[str, Any]) -> Answer:
        _only(params, "QueryString", "ClientRequestToken", "QueryExecutionContext", "WorkGroup")
        token = params["ClientRequestToken"]
        for query_id, query in self.queries.items():
            if query.token == token:
                if query.sql != params["QueryString"]:
                    raise Refusal(400, "InvalidRequestException")
                return {"QueryExecutionId": query_id}
        query_id = f"query-{len(self.queries) + 1}"
        self.queries[query_id] = Query(params["QueryString"], f"athena/{query_id}.csv", token)
        return {"QueryExecutionId": query_id}

    def _get_query_execution(self, params: dict[str, Any]) -> Answer:
        _only(params, "QueryExecutionId")
        query = self.queries[params["QueryExecutionId"]]
        query.asked += 1
        if query.asked == 2 and self.query_failures:
            query.status = self.query_failures.pop(0)
        elif query.asked >= 2 and query.status["State"] == "RUNNING":
            self._answer(query)
            query.status = {"State": "SUCCEEDED"}
        output = {"OutputLocation": f"s3://results/{query.output}"}
        scanned = {"DataScannedInBytes": sum(len(self.body("results", key)) for key in self.keys("results", "parts/"))}
        return {"QueryExecution": {"Status": query.status, "ResultConfiguration": output, "Statistics": scanned}}

    def _answer(self, query: "Query") -> None:
        if unload := re.search(r" TO 's3://(\w+)/(unloaded/[^']+/)' WITH ", query.sql):
            if self.keys(unload[1], unload[2]):
                raise UnsupportedCallError("Athena unloads into an empty folder only")
            self.put(unload[1], f"{unload[2]}0001", self.found)
        else:
            self.put("results", query.output, self._ids_in_several_parts(query.sql))

    def _ids_in_several_parts(self, sql: str) -> bytes:
        """What the one query that is known answers; ``test_duplicates.py`` holds its SQL against an engine."""
        match = re.search(r"FROM prepared_ids\s+WHERE run_id = '([^']+)' AND part BETWEEN (\d+) AND (\d+)\n", sql)
        if match is None:
            raise UnsupportedCallError(sql)
        seen: set[str] = set()
        rows = ['"part","id"\n']
        for part in range(int(match[2]), int(match[3]) + 1):
            for key in self.keys("results", f"parts/run_id={match[1]}/part={part}/"):
                ids = self.body("results", key).decode().split()
                rows += [f'"{part:05}","{each:>019}"\n' for each in ids if each in seen]
                seen.update(ids)
        return "".join(rows).encode()

    # Secrets Manager.

    def _get_secret_value(self, params: dict[str, Any]) -> Answer:
        _only(params, "SecretId")
        return {"SecretString": self.secrets[params["SecretId"]]}


_BOTOS_OWN = ("ChecksumMode", "ChecksumAlgorithm")

Do = Callable[[str, str, dict[str, Any]], tuple[int, Answer]]


@contextmanager
def answered_by(do: Do, *clients: Any) -> Iterator[None]:
    """Lets ``do`` answer what the clients ask for, instead of a server: with a status and a parsed answer."""

    def note(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["params"] = {
            name: value for name, value in params.items() if name not in ("ChecksumMode", "ChecksumAlgorithm")
        }

    def answer(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        asked = json.loads(params["body"]) if service == "dynamodb" else context["params"]
        status, answered = do(service, model.name, asked)
        return SimpleNamespace(status_code=status), {"ResponseMetadata": {"HTTPStatusCode": status}, **answered}

    for client in clients:
        client.meta.events.register("before-parameter-build.*.*", note)
        client.meta.events.register("before-call.*.*", answer)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-parameter-build.*.*", note)
            client.meta.events.unregister("before-call.*.*", answer)


def _capacity(operation: str, params: dict[str, Any], units: float) -> Any:
    """As DynamoDB says it: a list where a call may be about several tables."""
    one = {"TableName": params.get("TableName", ""), "CapacityUnits": units}
    return [one] if operation.startswith(("Batch", "Transact")) else one


def size(item: Item) -> int:
    """Bytes of an item as DynamoDB counts them; a list or a map takes three, and one for each in it."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.strip("-0.")) // 2 + 2
        case "M":
            return 3 + len(content) + size(content)
        case "L":
            return 3 + len(content) + sum(map(_value_size, content))
    return 1


def plain(value: dict[str, Any]) -> Any:
    """Python's value for DynamoDB's."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return float(content) if set(content) & {".", "E"} else int(content)
        case "NULL":
            return None
        case "M":
            return {name: plain(item) for name, item in content.items()}
        case "L":
            return [plain(item) for item in content]
    raise UnsupportedCallError(kind)


_CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
_COMPARED = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TERM = re.compile(r"([#\w]+) ([<>=]{1,2}) (:\w+)|(\w+)\(([#\w]+)(?:, (:\w+))?\)")


def _holds(expression: str, item: Item, params: dict[str, Any]) -> bool:
    """Whether an item is as a condition says: terms that are joined by AND or OR, in parentheses or not."""
    expression = expression.strip()
    if expression.startswith("(") and len(next(_terms(expression, " "))) == len(expression):
        expression = expression[1:-1]
    for word, combine in ((" OR ", any), (" AND ", all)):
        terms = [*_terms(expression, word)]
        if len(terms) > 1:
            return combine(_holds(term, item, params) for term in terms)
    match = _TERM.fullmatch(expression)
    if match is None:
        raise UnsupportedCallError(expression)
    values = params.get("ExpressionAttributeValues", {})
    if match[2]:
        return _name(match[1], params) in item and bool(
            _COMPARED[match[2]](plain(item[_name(match[1], params)]), plain(values[match[3]]))
        )
    value = item.get(_name(match[5], params))
    match match[4]:
        case "attribute_exists":
            return value is not None
        case "attribute_not_exists":
            return value is None
        case "begins_with":
            return value is not None and str(value["S"]).startswith(values[match[6]]["S"])
    raise UnsupportedCallError(expression)


def _terms(expression: str, word: str) -> Iterator[str]:
    """Cuts an expression at each ``word`` that stands in no parentheses."""
    depth = start = 0
    for place, letter in enumerate(expression):
        depth += (letter == "(") - (letter == ")")
        if not depth and expression.startswith(word, place):
            yield expression[start:place]
            start = place + len(word)
    yield expression[start:]


def _name(name: str, params: dict[str, Any]) -> str:
    return str(params["ExpressionAttributeNames"][name]) if name.startswith("#") else name


def _only(params: dict[str, Any], *known: str) -> None:
    if unknown := params.keys() - set(known):
        raise UnsupportedCallError(f"a call with {', '.join(unknown)}")


def _bytes(params: dict[str, Any]) -> bytes:
    body = params["Body"]
    if not isinstance(body, bytes):
        body.seek(0)
        body = body.read()
    if params.get("ChecksumCRC32C", _crc32c(body)) != _crc32c(body):
        raise Refusal(400, "BadDigest")
    return bytes(body)


def _crc32c(body: bytes) -> str:
    return base64.b64encode(google_crc32c.value(body).to_bytes(4, "big")).decode()
