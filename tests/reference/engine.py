"""JSONata's reference engine, in the version that Step Functions documents, in a process of Node's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, Any

NODE = Path(sys.executable).with_name("node")
SCRIPT = Path(__file__).with_name("evaluate.js")
VERSION = "2.0.6"
"""Source: Step Functions' developer guide, "Transforming data with JSONata": "supports JSONata version 2.0.6"."""


class NoValueError(Exception):
    """An expression that Step Functions ends a state for, with States.QueryEvaluationError."""


class Engine:
    """Evaluates one expression after the other; threads may share it."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self._questions, self._answers, self._lock = questions, answers, Lock()

    def evaluate(self, expression: str, variables: dict[str, Any] | None = None) -> Any:
        """Return an expression's value; raises NoValueError if it is undefined or fails."""
        with self._lock:
            self._questions.write(json.dumps({"expression": expression, "variables": variables or {}}) + "\n")
            self._questions.flush()
            answer = json.loads(self._answers.readline())
        if "error" in answer:
            raise NoValueError(answer["error"])
        return answer["value"]


@contextmanager
def running() -> Iterator[Engine]:
    """Yield an engine whose process ends with the context."""
    process = subprocess.Popen([NODE, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin
        assert process.stdout
        yield Engine(process.stdin, process.stdout)
        process.stdin.close()
