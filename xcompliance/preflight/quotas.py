"""Check the account's quotas against what is about to be deployed."""

from typing import Final

from xcompliance.doctor import lake_formation, quotas
from xcompliance.doctor.finding import Finding, not_checked, right
from xcompliance.doctor.subject import Subject
from xcompliance.preflight.assembly import Assembly
from xcompliance.preflight.place import Place
from xcompliance.text import count

NEW_ACCOUNT_MB: Final = 3_008
"""Memory that a new account allows a function; CloudFormation fails at CREATE beyond it. Others allow 10,240 MB."""


def side_by_side(assembly: Assembly) -> int:
    """Return how many functions one execution will call at once, at most."""
    machines = assembly.resources("AWS::StepFunctions::StateMachine")
    return quotas.side_by_side(each["Properties"]["DefinitionString"] for each in machines)


def memory(subject: Subject, assembly: Assembly) -> Finding:
    """Check that functions may have their memory.

    No API of AWS tells the quota, but a function that is there and has more than a new account allows proves it.
    """
    functions = (each["Properties"] for each in assembly.resources("AWS::Lambda::Function"))
    most = max(functions, key=lambda each: int(each["MemorySize"]))
    said = f"{most['FunctionName']} needs {count(most['MemorySize'])} MB"
    if most["MemorySize"] <= NEW_ACCOUNT_MB:
        return right(f"{said}, and every account allows {count(NEW_ACCOUNT_MB)}")
    for page in subject.client("lambda").get_paginator("list_functions").paginate():
        for each in page["Functions"]:
            if each["MemorySize"] > NEW_ACCOUNT_MB:
                return right(f"{said}, and {each['FunctionName']} has {count(each['MemorySize'])}")
    return not_checked(
        f"{said}. A new account allows {count(NEW_ACCOUNT_MB)}, and AWS does not tell whether this one allows more.",
        "If the account is new, ask AWS Support to raise Lambda's function memory maximum to 10,240 MB before you "
        "deploy, or set part_size_mb to 624 or less.",
    )


def lake_formation_of(subject: Subject, assembly: Assembly) -> Finding:
    """Check Lake Formation's defaults for the database, which the CDK's role creates."""
    place = Place.of(subject)
    (database,) = assembly.resources("AWS::Glue::Database")
    deployer = assembly.stacks[0].deployer
    for name, value in (("Partition", place.partition), ("AccountId", place.account), ("Region", place.region)):
        deployer = deployer.replace(f"${{AWS::{name}}}", value)
    return lake_formation.planned(subject, deployer, database["Properties"]["DatabaseInput"]["Name"])
