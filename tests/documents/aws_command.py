"""AWS's own command, as far as the documents use it: read against botocore's models, and asked of an AWS.

The command itself cannot be installed beside the SDK, of which it wants a version of its own.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore import xform_name
from botocore.model import OperationModel, Shape
from botocore.session import get_session
from botocore.validate import ParamValidator

from compliance.runs import JOB_TYPES

SERVICES: Final = {"s3api": "s3"}
GLOBAL: Final = {"--query", "--output", "--region", "--cli-binary-format"}
CUSTOM: Final = {
    ("s3", "cp"): ({"--recursive", "--metadata"}, 2),
    ("s3", "rm"): ({"--recursive"}, 1),
    ("s3", "rb"): (set(), 1),
    ("s3", "sync"): (set(), 2),
    ("logs", "tail"): ({"--since"}, 1),
}
"""The commands that are no operation: their options, and how many other words they take."""


ALLOWED_BY: Final = {
    ("lambda", "invoke"): "lambda:InvokeFunction",
    ("logs", "tail"): "logs:FilterLogEvents",
    ("s3", "cp"): "s3:PutObject",
    ("s3", "rb"): "s3:DeleteBucket",
    ("stepfunctions", "start-execution"): "states:StartExecution",
}
"""IAM's actions that are not called as the commands are."""


class NotACommand(ValueError):
    """AWS has no such command, or it does not take these words; the message says which."""


@dataclass(frozen=True)
class Call:
    """What is asked of AWS: an operation with its parameters, or a command of the tool's own with its words."""

    service: str
    name: str
    options: Mapping[str, Any]
    others: Sequence[str] = field(default=())


def read(words: Sequence[str], file: Callable[[str], str]) -> Call:
    """Reads ``aws`` and what follows; ``file`` gives the content behind ``file://``. Raises NotACommand."""
    _, service, name, *rest = words
    if (service, name) in CUSTOM:
        return _custom(service, name, rest)
    model = _operation(service, name)
    members = model.input_shape.members if model.input_shape else {}
    shapes = {f"--{xform_name(member, '-')}": (member, shape) for member, shape in members.items()}
    options, others = _options(rest)
    parameters = {}
    for option, values in options.items():
        if option in shapes:
            member, shape = shapes[option]
            parameters[member] = _value(values, shape, file)
        elif option not in GLOBAL:
            raise NotACommand(f"aws {service} {name} has no option {option}")
    if len(others) > (name == "invoke"):
        raise NotACommand(f"aws {service} {name} does not take {others}")
    if model.input_shape and (report := ParamValidator().validate(parameters, model.input_shape)).has_errors():
        raise NotACommand(f"aws {service} {name}: {report.generate_report()}")
    return Call(SERVICES.get(service, service), xform_name(model.name), parameters)


def action(words: Sequence[str]) -> str:
    """What IAM must allow for a command: ``aws`` and what follows."""
    _, service, name, *_ = words
    usual = f"{SERVICES.get(service, service)}:{name.title().replace('-', '')}"
    return ALLOWED_BY.get((service, name), usual)


def ask(call: Call, client: Callable[[str], Any], folder: Path) -> Any:
    """Does what a command says, with files of ``folder``."""
    match (call.service, call.name):
        case ("s3", "cp"):
            source, (bucket, key) = folder / call.others[0], _place(call.others[1])
            metadata = dict(pair.split("=") for pair in call.options.get("--metadata", []))
            for path in sorted(source.iterdir()) if "--recursive" in call.options else [source]:
                name = key + path.name if key.endswith("/") else key
                client("s3").put_object(Bucket=bucket, Key=name, Body=path.read_bytes(), Metadata=metadata)
        case ("s3", "rm"):
            bucket, key = _place(call.others[0])
            found = client("s3").list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
            assert found, f"there is nothing below {key}"
            for each in found:
                client("s3").delete_object(Bucket=bucket, Key=each["Key"])
        case ("s3", "rb"):
            client("s3").delete_bucket(Bucket=_bucket(call.others[0]))
        case ("s3", "sync"):
            old, new = map(_bucket, call.others)
            for each in client("s3").list_objects_v2(Bucket=old)["Contents"]:
                client("s3").copy_object(CopySource=f"{old}/{each['Key']}", Bucket=new, Key=each["Key"])
        case ("logs", "tail"):
            return client("logs").filter_log_events(logGroupName=call.others[0])
        case (service, name):
            return getattr(client(service), name)(**call.options)
    return None


def _custom(service: str, name: str, rest: Sequence[str]) -> Call:
    allowed, count = CUSTOM[service, name]
    flags = [word for word in rest if word == "--recursive"]
    options, others = _options([word for word in rest if word not in flags])
    known = {**options, **{flag: [] for flag in flags}}
    values = [word for each in options.values() for word in each[1:]]
    if not known.keys() <= allowed or len(others) + len(values) != count:
        raise NotACommand(f"aws {service} {name} does not take {rest}")
    return Call(service, name, {key: each[:1] for key, each in known.items()}, [*others, *values])


@cache
def _operation(service: str, name: str) -> OperationModel:
    session = get_session()
    real = SERVICES.get(service, service)
    if real not in session.get_available_services() or service == "s3":
        raise NotACommand(f"aws has no service {service}")
    model = session.get_service_model(real)
    found = [each for each in model.operation_names if xform_name(each, "-") == name]
    if not found:
        raise NotACommand(f"aws {service} has no command {name}")
    return model.operation_model(found[0])


def _options(words: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Options with all words that follow each, and the words before the first."""
    options: dict[str, list[str]] = {}
    others: list[str] = []
    into = others
    for word in words:
        if word.startswith("--"):
            into = options.setdefault(word, [])
        else:
            into.append(word)
    return options, others


def _value(words: Sequence[str], shape: Shape, file: Callable[[str], str]) -> Any:
    text = " ".join(words)
    if text.startswith("file://"):
        text = file(text.removeprefix("file://"))
    match shape.type_name:
        case "list" if not re.match(r"[\[{]", text):
            return [_shorthand(word) if "=" in word else word for word in words]
        case "structure" | "map" | "list":
            return json.loads(text)
        case "integer" | "long":
            return int(text)
        case "blob":
            return text.split(" ")[0]
        case _:
            return text


def _shorthand(text: str) -> Any:
    """``Id=job,Dead={Arn=x}`` as the structure that it is short for."""
    quoted = re.sub(r"(\w+)=([^,{}]+)", r'"\1": "\2"', text)
    return json.loads("{" + re.sub(r"(\w+)=\{", r'"\1": {', quoted) + "}")


def _bucket(url: str) -> str:
    return url.removeprefix("s3://")


def _place(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    assert key.split("/")[0] in (*JOB_TYPES, "datasets"), f"the inbox has no folder for {key}"
    return bucket, key
