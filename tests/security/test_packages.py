"""Every package is pinned with its hashes; and what nobody could be asked about is not taken for well."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.security import packages
from tests.security.packages import Audit

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.stem)
def test_each_requirement_is_one_version_with_its_hashes_and_no_address(file: Path) -> None:
    blocks = re.split(r"\n(?=\S)", file.read_text().strip())
    assert blocks
    for block in blocks:
        first, *hashes = re.split(r" \\\n\s+", block)
        assert re.fullmatch(r"[\w.-]+==[\w.!+]+( ; [^\\]+)?", first), first
        assert hashes, first
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), first
    assert len(blocks) >= len(packages.pins([file])) > 0
    assert "://" not in file.read_text()


def test_whatever_is_asked_for_is_pinned() -> None:
    assert {each.stem for each in (ROOT / "requirements").glob("*.in")} == {each.stem for each in REQUIREMENTS}
    for file in (ROOT / "requirements").glob("*.in"):
        asked = re.findall(r"^([A-Za-z][\w.-]*)", file.read_text(), re.MULTILINE)
        pinned = {pin.partition("==")[0] for pin in packages.pins([file.with_suffix(".txt")])}
        assert {re.sub(r"[-_.]+", "-", name).lower() for name in asked} <= pinned


def test_each_package_of_node_is_pinned_with_its_hash() -> None:
    versions = json.loads((ROOT / "package.json").read_text())["devDependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    locked = {
        name: each for name, each in json.loads((ROOT / "package-lock.json").read_text())["packages"].items() if name
    }
    assert all(each["integrity"].startswith("sha512-") for each in locked.values())
    assert "resolved" not in str(locked)


def test_the_checks_that_bandit_makes_are_ruffs() -> None:
    """Ruff's rules S are bandit's; running it too would say everything twice."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not [rule for rule in lint["ignore"] if rule.startswith("S")]
    excused = {path for path, rules in lint["per-file-ignores"].items() if any(rule.startswith("S") for rule in rules)}
    assert not [path for path in excused if path.startswith("functions")]


Npm = Callable[[dict[str, object]], Path]


@pytest.fixture
def npm(tmp_path: Path) -> Npm:
    """Plays npm, which prints its report, and fails where there is a flaw in it."""

    def play(report: dict[str, object]) -> Path:
        tool = tmp_path / "npm"
        (tmp_path / "report.json").write_text(json.dumps(report))
        tool.write_text(f'#!/bin/sh\n[ "$1 $2" = "audit --json" ] && cat {tmp_path}/report.json\nexit 1\n')
        tool.chmod(0o755)
        return tool

    return play


def report(*dependencies: dict[str, object]) -> str:
    """What pip-audit prints."""
    return json.dumps({"dependencies": list(dependencies), "fixes": []})


NOT_FOUND = "Dependency not found on PyPI and could not be audited: urllib3 (2.8.0)"
FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["2.8.1"], "aliases": ["CVE-2026-1"], "description": "Bad."}


def test_a_package_without_a_known_flaw_is_well() -> None:
    heard = Audit(unknown={"urllib3==2.8.0", "backports.zstd==1.8.0"})
    packages.hear(
        heard,
        report(
            {"name": "urllib3", "version": "2.8.0", "vulns": []},
            {"name": "backports-zstd", "version": "1.8.0", "vulns": []},
        ),
    )
    assert heard == Audit(well={"urllib3==2.8.0", "backports.zstd==1.8.0"})


def test_a_flaw_is_named_with_what_mends_it() -> None:
    heard = Audit(unknown={"urllib3==2.8.0"})
    packages.hear(heard, report({"name": "urllib3", "version": "2.8.0", "vulns": [FLAW, FLAW | {"fix_versions": []}]}))
    words = "PYSEC-2026-1 (fixed in 2.8.1), PYSEC-2026-1 (fixed in no version)"
    assert heard == Audit(vulnerable={"urllib3==2.8.0": words})


@pytest.mark.parametrize(
    "said",
    [
        report({"name": "urllib3", "skip_reason": NOT_FOUND}),
        report({"name": "urllib3", "version": "2.7.0", "vulns": []}),
        report(),
        "",
        "Traceback (most recent call last): ...",
    ],
)
def test_what_no_database_answers_for_is_not_taken_for_well(said: str) -> None:
    heard = Audit(unknown={"urllib3==2.8.0"})
    packages.hear(heard, said)
    assert heard == Audit(unknown={"urllib3==2.8.0"})


LOCKED = {
    f"{name.rpartition('node_modules/')[2]}@{each['version']}"
    for name, each in json.loads((ROOT / "package-lock.json").read_text())["packages"].items()
    if name
}
(CDK,) = (pin for pin in LOCKED if pin.startswith("aws-cdk@"))
NPM_REFUSED = json.dumps({"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": ""}})
NPM_FLAW = {
    "name": "aws-cdk",
    "severity": "high",
    "via": [{"title": "Bad.", "url": "https://github.com/advisories/GHSA-1"}, "fast-xml-parser"],
    "range": "<2.2000.0",
}


@pytest.mark.parametrize(
    ("flaws", "heard"),
    [
        ({}, Audit(well=LOCKED)),
        (
            {"aws-cdk": NPM_FLAW},
            Audit(
                well=LOCKED - {CDK},
                vulnerable={CDK: "https://github.com/advisories/GHSA-1, fast-xml-parser (high)"},
            ),
        ),
    ],
)
def test_npm_is_asked_about_what_node_installs(flaws: dict[str, object], heard: Audit, npm: Npm) -> None:
    said = npm({"auditReportVersion": 2, "vulnerabilities": flaws, "metadata": {}})
    assert packages.audit_node(said, ROOT / "package-lock.json") == heard


@pytest.mark.parametrize("said", [NPM_REFUSED, "", "npm error network"])
def test_what_npm_could_not_ask_about_is_not_taken_for_well(said: str) -> None:
    heard = Audit(unknown={CDK})
    packages.hear_npm(heard, said)
    assert heard == Audit(unknown={CDK})


def test_a_pin_that_is_for_some_pythons_only_is_asked_about_as_such(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text(
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:0\nurllib3==2.8.0 \\\n    --hash=sha256:0\n"
    )
    assert packages.pins([file]) == {"numpy==2.4.6": "python_full_version < '3.12'", "urllib3==2.8.0": ""}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Plays uv: warns of one version, and refuses to resolve two of one package at once, as uv does."""
    tool = tmp_path / "uv"
    tool.write_text(
        '#!/bin/sh\nfor file; do :; done\n[ $(cut -d= -f1 "$file" | sort | uniq -d | wc -l) = 0 ] || exit 1\n'
        'grep -q requests==2.32.0 "$file" && '
        "echo 'warning: `requests==2.32.0` is yanked (reason: \"conflicts\")' >&2\nexit 0\n"
    )
    tool.chmod(0o755)
    return tool


def test_what_its_makers_have_withdrawn_is_found_among_several_versions(registry: Path, tmp_path: Path) -> None:
    pinned = dict.fromkeys(("requests==2.32.0", "requests==2.32.5", "urllib3==2.8.0"), "")
    assert packages.withdrawn(registry, pinned, tmp_path) == ['requests==2.32.0 (reason: "conflicts")']
    del pinned["requests==2.32.0"]
    assert packages.withdrawn(registry, pinned, tmp_path) == []


def test_a_registry_that_does_not_answer_is_not_taken_for_one_that_warns_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="The registry does not know all pins"):
        packages.withdrawn(Path("/bin/false"), {"urllib3==2.8.0": ""}, tmp_path)
