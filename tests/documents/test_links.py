"""Every link of the documents leads to a file that there is, and to a heading that there is."""

import re
from functools import cache
from pathlib import Path

import pytest

from cdk.bundling import ROOT
from tests.documents.reading import BLOCK, DOCUMENTS

LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:functions|cdk|statemachine|sql|tests|xcompliance|benchmarks|requirements)/[\w./*-]*)[`:]")
ALL = [*DOCUMENTS, ROOT / "CHANGELOG.md", *sorted((ROOT / "benchmarks").rglob("*.md"))]


@cache
def anchors(document: Path) -> set[str]:
    """The names by which GitHub knows a document's headings."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.relative_to(ROOT).as_posix())
def test_each_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in LINK.findall(BLOCK.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_file_that_is_named_is_there(document: Path) -> None:
    named = PATH.findall(document.read_text(encoding="utf-8"))
    assert [path for path in named if not list(ROOT.glob(path))] == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda document: document.name)
def test_the_readme_leads_to_each_document(document: Path) -> None:
    assert f"(docs/{document.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_headings_have_the_names_that_github_gives_them() -> None:
    assert {"duplicates-across-parts", "when-x-is-polled"} <= anchors(ROOT / "docs" / "architecture.md")
    assert "dynamodb-for-what" not in anchors(ROOT / "docs" / "architecture.md")
