"""The command: what the operator of a deployment types."""

from typing import Final

import typer

from xcompliance import sandbox_command
from xcompliance.commands.cancel import cancel
from xcompliance.commands.check import check
from xcompliance.commands.datasets import datasets
from xcompliance.commands.demo import demo
from xcompliance.commands.doctor import doctor
from xcompliance.commands.inspect import inspect
from xcompliance.commands.lookup import lookup
from xcompliance.commands.policy import policy
from xcompliance.commands.preflight import preflight
from xcompliance.commands.query import query
from xcompliance.commands.remove import remove
from xcompliance.commands.results import results
from xcompliance.commands.retry import retry
from xcompliance.commands.runs import runs
from xcompliance.commands.show import show
from xcompliance.commands.submit import submit
from xcompliance.commands.watch import watch
from xcompliance.errors import explained

NAME: Final = "xcompliance"

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keeps stored X posts and users in line with X. Commands speak to the sandbox while one is up and to the AWS "
    "account of your credentials otherwise.",
    epilog="Exit status: 0 all well, 1 a run failed or is incomplete, something is wrong, or a figure disagrees, 2 the "
    "command could not do what was asked, 130 it was interrupted.",
)
for command in (
    demo,
    inspect,
    submit,
    runs,
    show,
    watch,
    cancel,
    retry,
    results,
    lookup,
    query,
    datasets,
    check,
    doctor,
    policy,
    preflight,
    remove,
):
    app.command()(explained()(command))
app.add_typer(sandbox_command.app, name="sandbox")


def main() -> None:
    """The entry point."""
    app(prog_name=NAME)
