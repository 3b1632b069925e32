"""``xcompliance datasets``."""

from typing import TYPE_CHECKING

from xcompliance.commands.options import Json, Prefix
from xcompliance.commands.output import answer, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from xcompliance.datasets import Dataset


def datasets(prefix: Prefix = None, as_json: Json = False) -> None:
    """List the datasets that are checked on a schedule: the last check of each, its age, and the next one."""
    from datetime import UTC, datetime

    from xcompliance import target
    from xcompliance.datasets import list_datasets

    now = datetime.now(UTC)
    found = list_datasets(target.stack_of(prefix), now)
    if as_json:
        print_json([each.as_json(now) for each in found])
    elif found:
        answer().print(_table(found, now))
    else:
        answer().print("No dataset is checked on a schedule. List some in datasets.yaml, and deploy: docs/datasets.md")


def _table(found: "list[Dataset]", now: "datetime") -> "Table":
    from rich.markup import escape

    from xcompliance.report import plain_table, status
    from xcompliance.text import duration, moment

    table = plain_table("dataset", "type", "run", "status", "checked (UTC)", "age", "next (UTC)", "schedule", "source")
    for each in found:
        age = each.age(now)
        table.add_row(
            each.name,
            each.type,
            each.run_id or "-",
            status(each.status) if each.status else "-",
            moment(each.checked_at) if each.checked_at else "never",
            duration(age.total_seconds()) if age else "-",
            moment(each.next_at) if each.next_at else "never" if each.is_enabled else "disabled",
            f"{each.schedule} {each.timezone}",
            escape(each.source),
        )
    return table
