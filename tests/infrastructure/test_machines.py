"""State machines: their definitions complete, their logs without data, their roles as narrow as their work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cdk.bundling import ROOT
from cdk.rules import flat
from tests.infrastructure.deployment import Deployment, synthesize

MACHINES = {"XComplianceRun": "compliance_run.asl.json", "XComplianceJob": "compliance_job.asl.json"}
OWN = "arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{rest}"
MAP = ("StartMapChildren", "FollowMapChildren", "RedriveMapChildren")
each_machine = pytest.mark.parametrize("name", MACHINES)


def _machine(deployment: Deployment, name: str) -> dict[str, Any]:
    machines = [body["Properties"] for body in deployment.resources("AWS::StepFunctions::StateMachine").values()]
    found: dict[str, Any] = next(each for each in machines if each["StateMachineName"] == name)
    return found


def _statements(deployment: Deployment, name: str) -> dict[str, tuple[set[str], set[str]]]:
    """Actions and resources by the statement's name."""
    found = deployment.statements(_machine(deployment, name)["RoleArn"])
    return {each.get("Sid", ""): (_set(each["Action"]), _set(each["Resource"])) for each in found}


def _set(value: Any) -> set[str]:
    return {flat(each) for each in (value if isinstance(value, list) else [value])}


@each_machine
def test_no_placeholder_of_a_definition_is_left_open(aws: Deployment, name: str) -> None:
    machine = _machine(aws, name)
    placeholders = set(re.findall(r"\$\{(\w+)}", machine["DefinitionString"]))
    assert placeholders == machine["DefinitionSubstitutions"].keys()


@each_machine
def test_a_machine_is_the_definition_that_everybody_can_read(aws: Deployment, name: str) -> None:
    machine = _machine(aws, name)
    assert machine["StateMachineType"] == "STANDARD"
    definition = json.loads(machine["DefinitionString"])
    assert definition == json.loads((ROOT / "statemachine" / MACHINES[name]).read_text())
    assert definition["QueryLanguage"] == "JSONata"


@each_machine
def test_a_placeholder_stands_for_the_function_of_its_name(aws: Deployment, name: str) -> None:
    functions = aws.resources("AWS::Lambda::Function")
    for placeholder, value in _machine(aws, name)["DefinitionSubstitutions"].items():
        if placeholder.endswith("FunctionArn"):
            handler = functions[value["Fn::GetAtt"][0]]["Properties"]["Handler"]
            assert handler.removesuffix(".handler").replace("_", "") == placeholder[:-11].lower()


@each_machine
def test_a_log_says_what_failed_and_holds_no_data(aws: Deployment, name: str) -> None:
    machine = _machine(aws, name)
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}
    (destination,) = logging["Destinations"]
    group = aws.resources("AWS::Logs::LogGroup")[destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]]
    assert group["Properties"] == {"LogGroupName": f"/aws/vendedlogs/states/{name}", "RetentionInDays": 90}


@each_machine
def test_a_machine_invokes_the_functions_of_its_definition_and_no_other(aws: Deployment, name: str) -> None:
    actions, resources = _statements(aws, name)["InvokeFunctions"]
    substitutions = _machine(aws, name)["DefinitionSubstitutions"]
    assert actions == {"lambda:InvokeFunction"}
    assert resources == {flat(value) for key, value in substitutions.items() if key.endswith("FunctionArn")}


@each_machine
def test_only_logs_and_traces_go_to_resources_without_a_name(aws: Deployment, name: str) -> None:
    for actions, resources in _statements(aws, name).values():
        if "*" in resources:
            assert {action.split(":")[0] for action in actions} == {"logs", "xray"}


def test_the_job_machine_may_do_nothing_else(aws: Deployment) -> None:
    assert _statements(aws, "XComplianceJob").keys() == {"", "InvokeFunctions", *MAP}


def test_the_run_machine_starts_and_follows_jobs(aws: Deployment) -> None:
    statements = _statements(aws, "XComplianceRun")
    (job_arn,) = statements["StartJob"][1]
    assert job_arn == flat(_machine(aws, "XComplianceRun")["DefinitionSubstitutions"]["JobStateMachineArn"])
    assert statements["StartJob"][0] == {"states:StartExecution"}
    assert statements["FollowJob"] == (
        {"states:DescribeExecution", "states:StopExecution"},
        {OWN.format(service="states", rest="execution:XComplianceJob:*")},
    )
    assert statements["HearOfJobEnd"] == (
        {"events:PutTargets", "events:PutRule", "events:DescribeRule"},
        {OWN.format(service="events", rest="rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")},
    )


@each_machine
def test_a_machine_starts_follows_and_redrives_the_children_of_its_maps(aws: Deployment, name: str) -> None:
    statements = _statements(aws, name)
    states = json.loads(_machine(aws, name)["DefinitionString"])["States"]
    labels = (
        state["Label"]
        for state in states.values()
        if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    )
    assert statements["StartMapChildren"] == (
        {"states:StartExecution"},
        {OWN.format(service="states", rest=f"stateMachine:{name}")},
    )
    assert statements["FollowMapChildren"] == (
        {"states:DescribeExecution", "states:StopExecution"},
        {OWN.format(service="states", rest=f"execution:{name}:*")},
    )
    assert statements["RedriveMapChildren"] == (
        {"states:RedriveExecution"},
        {OWN.format(service="states", rest=f"execution:{name}/{label}:*") for label in labels},
    )


def test_as_much_is_done_side_by_side_as_the_deployer_wants(tmp_path: Path) -> None:
    deployment = synthesize(tmp_path, index_concurrency="40", prepare_concurrency="7")
    states = json.loads(_machine(deployment, "XComplianceJob")["DefinitionString"])["States"]
    assert states["Index Ranges"]["MaxConcurrency"] == 40
    states = json.loads(_machine(deployment, "XComplianceRun")["DefinitionString"])["States"]
    assert states["Prepare Parts"]["MaxConcurrency"] == states["Deduplicate Parts"]["MaxConcurrency"] == 7


def test_the_run_machine_may_do_nothing_else(aws: Deployment) -> None:
    statements = {"", "InvokeFunctions", *MAP, "StartJob", "FollowJob", "HearOfJobEnd"}
    assert _statements(aws, "XComplianceRun").keys() == statements
