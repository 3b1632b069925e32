"""``python -m tests.security TOOLS``: faults of the stacks, the policy and the packages.

Exits with 1 for whatever was found and not accepted. What could not be asked is said, and fails only with
``--audit-required``: a release is made where the databases can be reached, and tests run where they cannot.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
from uv import find_uv_bin

from tests.command.test_policy import WHOLE
from tests.infrastructure.deployment import everything
from tests.security import packages, permissions, policies, templates
from xcompliance.policy import Role, policy
from xcompliance.stack import Stack

ROOT = Path(__file__).parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
POLICY = ROOT / "docs" / "cloudformation-policy.json"
DOCUMENTS = (POLICY, ROOT / "SECURITY.md")
STACKS = ("Storage", "Pipeline")


def main() -> None:
    """Says what was looked at and what was found."""
    parser = ArgumentParser(prog="make security")
    parser.add_argument("tools", type=Path, help="where checkov, cfn-lint, parliament and pip-audit are")
    parser.add_argument("--audit-required", action="store_true", help="fails when a package could not be audited")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        wrong = [*_templates(arguments.tools, Path(folder)), *_packages(arguments, Path(folder))]
    for each in wrong:
        _say(f"WRONG  {each}")
    sys.exit(1 if wrong else 0)


def _templates(tools: Path, folder: Path) -> list[str]:
    wrong: list[str] = []
    found: list[policies.Finding] = []
    count = 0
    for name, settings in _settings(folder).items():
        output = folder / name
        context = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [str(CDK), "synth", "--quiet", "--app", f"{sys.executable} app.py", "--output", str(output), *context]
        synthesis = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
        if synthesis.returncode:
            return [f"the templates cannot be synthesized:\n{synthesis.stderr}"]
        files = [output / f"XCompliance{stack}.template.json" for stack in STACKS]
        passed, findings = templates.scan(tools / "checkov", files)
        complaints = templates.complaints(findings, customer_key="customer_key" in settings)
        _say(f"checkov, {name}: {passed} checks passed, {len(findings)} findings, {len(complaints)} not accepted")
        linted = templates.lint(tools / "cfn-lint", files)
        _say(f"cfn-lint, {name}: {len(linted)} findings in {len(templates.REGIONS)} regions")
        wrong += [*complaints, *linted]
        of_stacks = list(policies.of_templates(files))
        found += policies.lint(tools / "parliament", of_stacks, output / "policies")
        count += len(of_stacks)
    documented = [*policies.of_documents(DOCUMENTS), *_of_roles()]
    found += policies.lint(tools / "parliament", documented, folder / "policies")
    complaints = policies.complaints(found)
    _say(f"parliament: {count + len(documented)} policies, {len(found)} findings, {len(complaints)} not accepted")
    wrong += complaints
    lacking = permissions.missing(_schemas(tools), POLICY, folder.glob("*/*.template.json"))
    _say(f"CloudFormation's schemas: {POLICY.name} lacks {len(lacking)} permissions")
    return wrong + lacking


def _of_roles() -> Iterator[policies.Policy]:
    """Yield what `xcompliance policy` prints for a deployment with everything."""
    stack = Stack("XCompliance", WHOLE, boto3.Session(region_name=policies.REGION), {})
    return (policies.Policy(role, policy(stack, role)) for role in Role)


def _schemas(tools: Path) -> Path:
    (found,) = tools.parent.glob("lib/python*/site-packages/cfnlint/data/schemas")
    return found


def _settings(folder: Path) -> dict[str, dict[str, str]]:
    return {"defaults": {}, "customer_key": {"customer_key": "true"}, "everything": everything(folder)}


def _packages(arguments: Namespace, folder: Path) -> list[str]:
    pinned = packages.pins((ROOT / "requirements").glob("*.txt"))
    withdrawn = packages.withdrawn(Path(find_uv_bin()), pinned, folder)
    _say(f"registry: {len(pinned)} pins, {len(withdrawn)} withdrawn by their makers")
    wrong = [f"{pin} was withdrawn" for pin in withdrawn]
    audits = {
        "pip-audit": packages.audit(arguments.tools / "pip-audit", pinned, folder),
        "npm audit": packages.audit_node(Path(sys.executable).with_name("npm"), ROOT / "package-lock.json"),
    }
    for name, heard in audits.items():
        count = len(heard.well) + len(heard.vulnerable)
        _say(f"{name}: {count} packages audited, {len(heard.vulnerable)} with a known vulnerability")
        if heard.unknown:
            _say(f"NOT AUDITED: no database of vulnerabilities answered {name} for {len(heard.unknown)} packages")
        wrong += [f"{pin} is vulnerable: {ids}" for pin, ids in heard.vulnerable.items()]
        if heard.unknown and arguments.audit_required:
            wrong.append(f"{name} could not ask about all packages, as --audit-required asks for")
    return wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
