"""Show what a removal deletes, and ask twice."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.prompt import Confirm, Prompt

from xcompliance.errors import CommandError
from xcompliance.removal.inventory import Inventory
from xcompliance.text import count

_SHOWN: Final = {
    "AWS::Lambda::Function": "functions",
    "AWS::StepFunctions::StateMachine": "state machines, with the history of their executions",
    "AWS::Logs::LogGroup": "log groups",
    "AWS::Glue::Table": "tables and views in Glue",
    "AWS::Scheduler::Schedule": "schedules",
    "AWS::CloudWatch::Alarm": "alarms",
}
_NOUNS: Final = {
    "AWS::S3::Bucket": "bucket",
    "AWS::DynamoDB::Table": "table",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::KMS::Key": "key",
}


def lines(inventory: Inventory) -> Iterator[str]:
    """What will be deleted, with counts and sizes."""
    for name in inventory.stacks:
        yield f"stack      {name}"
    for kind, what in _SHOWN.items():
        if inventory.of(kind):
            yield f"           {count(len(inventory.of(kind)))} {what}"
    for kept in inventory.kept:
        yield f"{_NOUNS[kept.kind]:<10} {kept.name}: {kept.holds}"
    for name in inventory.strays:
        yield f"not this   {name}: an earlier teardown has left it; delete it by hand"


def confirm(inventory: Inventory, *, given: str | None) -> None:
    """Ask for the prefix and then for a yes, unless the prefix was ``given`` on the command line.

    Raises:
        CommandError: The answer is another one, or nobody is there to give it.
    """
    if given is not None:
        if given != inventory.prefix:
            raise CommandError(f"--without-asking names {given}, not {inventory.prefix}. Nothing was removed.")
        return
    console = Console(stderr=True, highlight=False)
    try:
        typed = Prompt.ask(f"To remove all of this, type the prefix, {inventory.prefix}", console=console)
        sure = typed == inventory.prefix and Confirm.ask(
            "Nothing of it can be restored. Remove it?", console=console, default=False
        )
    except EOFError:
        raise CommandError(
            f"Nobody is there to confirm it, and nothing was removed. --without-asking {inventory.prefix} removes it."
        ) from None
    if not sure:
        raise CommandError("Nothing was removed.")
