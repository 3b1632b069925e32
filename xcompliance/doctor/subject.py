"""What is looked at: found piece by piece, as each piece may be what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from xcompliance.stack import Stack, describe_stack, outputs_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

_IMPATIENT = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})


@dataclass(frozen=True)
class Subject:
    """The deployment of a prefix in the caller's account, or the sandbox that a ``handle`` speaks of."""

    prefix: str
    handle: Mapping[str, str] | None = field(default=None, repr=False)

    @classmethod
    def of_sandbox(cls, handle: Mapping[str, str]) -> "Subject":
        """The sandbox; its stacks' prefix is told by the name of a machine."""
        machine = handle["RunStateMachineArn"].rpartition(":")[2]
        return cls(machine.removesuffix("Run"), handle)

    @property
    def connected(self) -> Stack:
        """Clients for the account, whatever is deployed in it, with AWS's usual patience."""
        return Stack.of_sandbox(self.handle) if self.handle else Stack.of_session(self.prefix)

    @cached_property
    def account(self) -> Stack:
        """The same clients, but they give up soon."""
        stack = self.connected
        known: Config = stack.connection.get("config", Config())
        return replace(stack, outputs={}, connection={**stack.connection, "config": known.merge(_IMPATIENT)})

    @cached_property
    def described(self) -> "StackTypeDef":
        """The pipeline's stack in CloudFormation's words; raises CommandError when there is none."""
        return describe_stack(self.account, self.stack_name)

    @cached_property
    def stack(self) -> Stack:
        """The deployment itself."""
        return replace(self.account, name=self.prefix, outputs=outputs_of(self.described))

    @property
    def stack_name(self) -> str:
        """The pipeline's stack."""
        return f"{self.prefix}Pipeline"

    @cached_property
    def secret(self) -> "GetSecretValueResponseTypeDef":
        """The secret with X's bearer token."""
        secrets: SecretsManagerClient = self.client("secretsmanager")
        return secrets.get_secret_value(SecretId=self.stack["BearerTokenSecretArn"])

    def client(self, service: Any, **config: Any) -> Any:
        """A client of AWS's library; ``config`` is botocore's."""
        connection = self.account.connection
        return self.account.session.client(
            service, **{**connection, "config": connection["config"].merge(Config(**config))}
        )
