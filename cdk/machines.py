"""The two state machines, from their definitions, with roles that allow what the definitions do."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.bundling import ROOT
from cdk.config import Settings
from cdk.logs import log_group
from cdk.rules import acknowledge, acknowledge_wildcard

DEFINITIONS: Final = ROOT / "statemachine"

# Step Functions' own rule, by which `.sync:2` learns that the execution it started has ended.
NESTED_EXECUTION_RULE: Final = "StepFunctionsGetEventsForStepFunctionsExecutionRule"


class Machines(Construct):
    """The compliance run, and the compliance job that it starts for each part."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: Mapping[str, lambda_.Function],
    ) -> None:
        super().__init__(scope, construct_id)
        self.job = _machine(self, "Job", settings, functions, {})
        self.run = _machine(
            self,
            "Run",
            settings,
            functions,
            {"JobStateMachineArn": self.job.state_machine_arn},
        )
        _allow_maps(self.run, f"{settings.prefix}Run", "PrepareParts", "DeduplicateParts")
        _allow_maps(self.job, f"{settings.prefix}Job", "IndexRanges")
        # Check Part waits for the end of the job that it started.
        _allow(self.run, "StartJob", ["states:StartExecution"], [self.job.state_machine_arn])
        _allow(
            self.run,
            "FollowJob",
            ["states:DescribeExecution", "states:StopExecution"],
            [_arn(self, "states", "execution", f"{settings.prefix}Job:*")],
        )
        _allow(
            self.run,
            "HearOfJobEnd",
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [_arn(self, "events", "rule", NESTED_EXECUTION_RULE)],
        )


def _machine(
    scope: Construct,
    name: str,
    settings: Settings,
    functions: Mapping[str, lambda_.Function],
    values: Mapping[str, str],
) -> sfn.StateMachine:
    """A machine that may invoke the functions its definition names, and writes no data to its log."""
    definition = _definition(name, settings)
    named = {placeholder: functions[file_name] for placeholder, file_name in _functions_in(definition)}
    own = Construct(scope, name)
    machine = sfn.StateMachine(
        own,
        "StateMachine",
        state_machine_name=f"{settings.prefix}{name}",
        state_machine_type=sfn.StateMachineType.STANDARD,
        definition_body=sfn.DefinitionBody.from_string(definition),
        definition_substitutions={
            **values,
            **{placeholder: function.function_arn for placeholder, function in named.items()},
        },
        logs=sfn.LogOptions(
            # Below this prefix, deliveries need no entry in CloudWatch's one size-limited resource policy.
            destination=log_group(own, f"/aws/vendedlogs/states/{settings.prefix}{name}", settings),
            level=sfn.LogLevel.ERROR,
            include_execution_data=False,
        ),
        tracing_enabled=True,
    )
    _allow(
        machine,
        "InvokeFunctions",
        ["lambda:InvokeFunction"],
        [function.function_arn for function in named.values()],
    )
    acknowledge(machine, "SF1", "A Standard machine keeps its whole history; the log is for what went wrong.")
    acknowledge_wildcard(machine, "*", "Log deliveries and X-Ray know no resources.")
    return machine


def _functions_in(definition: str) -> list[tuple[str, str]]:
    """The placeholders of functions in a definition, with the file names of the functions they stand for."""
    placeholders = sorted(set(re.findall(r"\$\{(\w+FunctionArn)}", definition)))
    return [(each, _snake_case(each.removesuffix("FunctionArn"))) for each in placeholders]


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _allow(machine: sfn.StateMachine, name: str, actions: Iterable[str], resources: list[str]) -> None:
    machine.add_to_role_policy(iam.PolicyStatement(sid=name, actions=list(actions), resources=resources))
    for resource in resources:
        if resource.endswith("*"):
            acknowledge_wildcard(machine, resource, f"{name}: the executions of one machine; their names are new.")


def _allow_maps(machine: sfn.StateMachine, name: str, *labels: str) -> None:
    """Allows a machine to run Distributed Maps: their children are executions of the machine itself."""
    _allow(machine, "StartMapChildren", ["states:StartExecution"], [_arn(machine, "states", "stateMachine", name)])
    _allow(
        machine,
        "FollowMapChildren",
        ["states:DescribeExecution", "states:StopExecution"],
        [_arn(machine, "states", "execution", f"{name}:*")],
    )
    _allow(
        machine,
        "RedriveMapChildren",
        ["states:RedriveExecution"],
        [_arn(machine, "states", "execution", f"{name}/{label}:*") for label in labels],
    )


def _definition(name: str, settings: Settings) -> str:
    """A definition as it is to be deployed: a map's concurrency is a number, for which no placeholder can stand."""
    definition = json.loads((DEFINITIONS / f"compliance_{name.lower()}.asl.json").read_text())
    side_by_side = {
        "Prepare Parts": settings.prepare_concurrency,
        "Deduplicate Parts": settings.prepare_concurrency,
        "Index Ranges": settings.index_concurrency,
    }
    for state in side_by_side.keys() & definition["States"].keys():
        definition["States"][state]["MaxConcurrency"] = side_by_side[state]
    return json.dumps(definition)


def _arn(scope: Construct, service: str, resource: str, name: str) -> str:
    separator = ArnFormat.COLON_RESOURCE_NAME if service == "states" else ArnFormat.SLASH_RESOURCE_NAME
    return Stack.of(scope).format_arn(service=service, resource=resource, resource_name=name, arn_format=separator)
