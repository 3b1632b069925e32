"""``xcompliance lookup``."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from xcompliance.commands.options import Json, Prefix, Type
from xcompliance.commands.output import answer, notes, print_json


def lookup(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Post or user IDs; - reads them from stdin.")],
    *,
    job_type: Type,
    prefix: Prefix = None,
    as_json: Json = False,
) -> None:
    """Look up what was found about single IDs, in the index in DynamoDB."""
    from xcompliance import target
    from xcompliance.lookup import caution, ids_of, look_up, table_of

    wanted = ids_of(ids, sys.stdin)
    stack = target.stack_of(prefix)
    found = list(look_up(stack, job_type, wanted))
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        answer().print(table_of(found))
    if (warning := caution(stack, found)) is not None:
        notes().print(warning, markup=False)
