"""Starts compliance runs by hand."""

import json
from collections.abc import Mapping
from typing import Any

from xcompliance.stack import Stack


def start_run(stack: Stack, source: Mapping[str, Any]) -> str:
    """Starts an execution of the compliance run, and returns its ARN; ``source`` is what S3 or a schedule would say."""
    started = stack.step_functions.start_execution(
        stateMachineArn=stack["RunStateMachineArn"], input=json.dumps(source)
    )
    return started["executionArn"]
