"""What is known of the pinned packages: which were withdrawn by their makers, and which have known vulnerabilities.

Both are asked of others. The registry that packages are installed from knows what was withdrawn. Known vulnerabilities
are in databases that a closed network does not reach, and a mirror of the registry may not have: pip-audit then passes,
as it has found nothing. So whatever it could not ask about is told apart here from what is well.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120
"""With a database that neither answers nor refuses."""

_PIN = re.compile(r"^([\w.-]+==[^\s;]+)(?: ; ([^\\\n]+))?", re.MULTILINE)
_YANKED = re.compile(r"^warning: `(\S+)` is yanked(.*)$", re.MULTILINE)


@dataclass
class Audit:
    """Packages by their pins: those a database finds well, those it warns of, those nobody was asked about."""

    well: set[str] = field(default_factory=set)
    vulnerable: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


def pins(requirements: Iterable[Path]) -> dict[str, str]:
    """Every pin, as `name==version`, with the marker of where it is installed, if it is not everywhere."""
    return {pin: marker.strip() for each in requirements for pin, marker in _PIN.findall(each.read_text())}


def withdrawn(uv: Path, pinned: Mapping[str, str], folder: Path) -> list[str]:
    """Pins that their makers have withdrawn, with what they say why; raises RuntimeError when the registry is no help.

    uv warns of them, and of nothing when it is not asked to resolve anything: several versions of one package take
    several questions.
    """
    found = []
    for number, some in enumerate(_once_each(pinned)):
        file = folder / f"pins-{number}.txt"
        file.write_text("\n".join(f"{pin} ; {pinned[pin]}" if pinned[pin] else pin for pin in some))
        command = [
            str(uv),
            "pip",
            "compile",
            "--no-deps",
            "--no-header",
            "--universal",
            "--python-version",
            "3.11",
            str(file),
        ]
        outcome = subprocess.run(command, check=False, capture_output=True, text=True)
        if outcome.returncode:
            raise RuntimeError(f"The registry does not know all pins:\n{outcome.stderr}")
        found += [f"{pin}{reason}" for pin, reason in _YANKED.findall(outcome.stderr)]
    return found


def _once_each(pinned: Iterable[str]) -> list[list[str]]:
    """The pins in as few lists as have each package once."""
    lists: list[dict[str, str]] = []
    for pin in sorted(pinned):
        name = pin.partition("==")[0]
        room = next((each for each in lists if name not in each), None)
        if room is None:
            lists.append(room := {})
        room[name] = pin
    return [list(each.values()) for each in lists]


def audit(pip_audit: Path, pinned: Iterable[str], folder: Path) -> Audit:
    """Asks PyPI's database, and OSV's about what PyPI's does not know."""
    heard = Audit(unknown=set(pinned))
    for service in ("pypi", "osv"):
        for number, some in enumerate(_once_each(heard.unknown)):
            file = folder / f"{service}-{number}.txt"
            file.write_text("\n".join(some))
            command = [
                str(pip_audit),
                "--vulnerability-service",
                service,
                "--disable-pip",
                "--no-deps",
                "--timeout",
                "5",
            ]
            command += ["--progress-spinner", "off", "--format", "json", "-r", str(file)]
            hear(heard, _said(command))
    return heard


def audit_node(npm: Path, lock: Path) -> Audit:
    """Asks npm's registry about the packages that a lock file pins, as `name@version`."""
    named = {name: each for name, each in json.loads(lock.read_text())["packages"].items() if name}
    heard = Audit(unknown={f"{name.rpartition('node_modules/')[2]}@{each['version']}" for name, each in named.items()})
    hear_npm(heard, _said([str(npm), "audit", "--json", "--prefix", str(lock.parent)]))
    return heard


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS).stdout
    except subprocess.TimeoutExpired:
        return ""


def hear(heard: Audit, report: str) -> None:
    """Takes in a report of pip-audit's; it is empty when nobody answered."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        return
    for each in packages:
        if "skip_reason" in each:
            continue
        pin = next((one for one in heard.unknown if _same(one, each)), None)
        if pin is None:
            continue
        heard.unknown.discard(pin)
        if each["vulns"]:
            ids = ", ".join(
                f"{one['id']} (fixed in {', '.join(one['fix_versions']) or 'no version'})" for one in each["vulns"]
            )
            heard.vulnerable[pin] = ids
        else:
            heard.well.add(pin)


def hear_npm(heard: Audit, report: str) -> None:
    """Takes in a report of npm's, which is on all pins, or tells an error, or is empty when nobody answered."""
    try:
        flaws: dict[str, dict[str, Any]] = json.loads(report)["vulnerabilities"]
    except (KeyError, ValueError):
        return
    for pin in sorted(heard.unknown):
        flaw = flaws.get(pin.rpartition("@")[0])
        if flaw:
            causes = [each if isinstance(each, str) else each["url"] for each in flaw["via"]]
            heard.vulnerable[pin] = f"{', '.join(causes)} ({flaw['severity']})"
        else:
            heard.well.add(pin)
    heard.unknown.clear()


def _same(pin: str, package: dict[str, Any]) -> bool:
    name, _, version = pin.partition("==")
    return (re.sub(r"[-_.]+", "-", name).lower(), version) == (package["name"], package["version"])
