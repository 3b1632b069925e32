"""What the CDK has synthesized: the stacks as they are to be, and what they take from the account's bootstrap."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xcompliance.errors import CommandError


@dataclass(frozen=True)
class PlannedStack:
    """A stack as it is to be."""

    name: str
    template: dict[str, Any]
    bootstrap_version: int
    """The CDK's, at the least."""
    bootstrap_parameter: str
    """Where Systems Manager has it."""
    deployer: str
    """ARN of the role that CloudFormation takes on, with placeholders for partition, account and region."""


@dataclass(frozen=True)
class Assembly:
    """The stacks of an app, in the order of their deployment."""

    stacks: tuple[PlannedStack, ...]

    @classmethod
    def of(cls, folder: Path) -> "Assembly":
        """Reads a folder such as ``cdk.out``; raises CommandError for one that holds no stacks."""
        try:
            artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
            stacks = tuple(
                PlannedStack(
                    name=name,
                    template=json.loads((folder / each["properties"]["templateFile"]).read_text()),
                    bootstrap_version=each["properties"]["requiresBootstrapStackVersion"],
                    bootstrap_parameter=each["properties"]["bootstrapStackVersionSsmParameter"],
                    deployer=each["properties"]["cloudFormationExecutionRoleArn"],
                )
                for name, each in artifacts.items()
                if each["type"] == "aws:cloudformation:stack"
            )
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{folder} is no synthesized app ({error}). Make one: make synth") from None
        if not any(each.name.endswith("Storage") for each in stacks):
            raise CommandError(f"{folder} holds another app. Make this one: make synth")
        return cls(stacks)

    @property
    def prefix(self) -> str:
        """What begins the names of all stacks."""
        return next(each.name.removesuffix("Storage") for each in self.stacks if each.name.endswith("Storage"))

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """The resources of a type that there are to be."""
        return [each for stack in self.stacks for each in stack.template["Resources"].values() if each["Type"] == kind]

    def count(self, kind: str) -> int:
        """How many resources of a type there are to be."""
        return len(self.resources(kind))
