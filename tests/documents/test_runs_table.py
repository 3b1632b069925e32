"""docs/runs-table.md lists every write to the runs table with the attributes that its condition tests."""

import ast
import re
from collections.abc import Iterator
from itertools import groupby

from tests.statemachine.machine import ROOT

DOCUMENT = (ROOT / "docs" / "runs-table.md").read_text()
FUNCTIONS = ROOT / "functions"
WRITES = {"put", "put_once", "update", "add", "delete", "transact"}
OF_DYNAMODB = re.compile(r"\.(?:put_item|update_item|delete_item|transact_write_items|batch_write_item|batch_writer)\b")
SOURCES = {
    ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts): ast.parse(path.read_text())
    for path in sorted(FUNCTIONS.rglob("*.py"))
}


def table(headline: str) -> list[list[str]]:
    """Return the rows below a headline, by their cells."""
    _, _, after = DOCUMENT.partition(f"## {headline}\n")
    lines = [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([\w.]+)`", cell))


def written() -> Iterator[tuple[str, set[str]]]:
    """Yield each function that writes an item, with the attributes of its conditions."""
    for module, tree in SOURCES.items():
        known = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
        for name, function in known.items():
            if module != "adapters.items" and calls_of_items(function) & WRITES:
                yield f"{module.removeprefix('adapters.')}.{name}", attributes(function, known)


def attributes(function: ast.FunctionDef, known: dict[str, ast.FunctionDef]) -> set[str]:
    """Return the attributes that the conditions test which a function makes, or has made by functions beside it."""
    found = {"pk"} if "put_once" in calls_of_items(function) else set[str]()
    for call in calls(function):
        words = {each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        if ast.unparse(call.func) in ("Attr", "items.unchanged"):
            found |= words
        elif (helper := helper_of(call, known)) and not calls_of_items(helper) & WRITES:
            found |= attributes(helper, known)
    return found


def helper_of(call: ast.Call, known: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    if isinstance(call.func, ast.Name):
        return known.get(call.func.id)
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "runs_table.update_of_job":
        table = {each.name: each for each in SOURCES["adapters.runs_table"].body if isinstance(each, ast.FunctionDef)}
        return ast.FunctionDef(**vars(table["update_of_job"]) | {"body": table["about_job"].body})
    return None


def calls(function: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def calls_of_items(function: ast.AST) -> set[str]:
    texts = (ast.unparse(call.func) for call in calls(function))
    return {text.removeprefix("items.") for text in texts if text.startswith("items.")}


def limits() -> Iterator[tuple[str, str]]:
    """Yield the modules that write about a job, with the attribute before which they do so."""
    for module, tree in SOURCES.items():
        for call in calls(tree):
            if ast.unparse(call.func) in ("runs_table.update_part", "runs_table.update_of_job"):
                given = {each.arg: each.value for each in call.keywords}
                assert "until" in given or "of_session" in given, f"{module} writes without a limit"
                if isinstance(until := given.get("until"), ast.Constant):
                    yield module, str(until.value)


def test_every_write_is_listed_with_the_attributes_of_its_condition() -> None:
    listed = {next(iter(names(by))): names(condition) for _, by, condition, _ in table("Every write")}
    assert listed == dict(written())


def test_every_write_about_a_job_is_listed_with_its_limit() -> None:
    found = {module: {until for _, until in group} for module, group in groupby(limits(), key=lambda each: each[0])}
    assert {next(iter(names(module))): names(until) for module, until in table("Writes about a job")} == found


def test_only_the_module_of_items_writes_to_the_runs_table() -> None:
    others = {
        path.name
        for path in FUNCTIONS.rglob("*.py")
        if path.name != "items.py" and OF_DYNAMODB.search(path.read_text())
    }
    assert others == {"results_index.py"}, "which writes to the results index"
