"""What is deployed may be deployed under the product's licence, and carries the notices that its own asks for."""

import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import files, metadata
from pathlib import Path

import pytest

from cdk import bundling
from cdk.functions import CARRIED
from tests.security import packages

ROOT = Path(__file__).parents[2]
PERMISSIVE = {"0BSD", "Apache-2.0", "BSD-3-Clause", "CC0-1.0", "MIT", "MIT-0", "PSF-2.0", "Zlib"}
IN_OTHER_WORDS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
}


def _carried() -> list[str]:
    pinned = packages.pins(ROOT / "requirements" / f"{name}.txt" for name in CARRIED)
    return sorted({pin.partition("==")[0] for pin in pinned})


def _licences(package: str) -> set[str]:
    about = metadata(package)
    if expression := about["License-Expression"]:
        return set(re.split(r" AND ", expression))
    classifiers = [each for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    return {IN_OTHER_WORDS[each.rpartition(" :: ")[2]] for each in classifiers} or {about["License"]}


@pytest.mark.parametrize("package", _carried())
def test_each_package_that_functions_carry_is_permissive(package: str) -> None:
    assert _licences(package) <= PERMISSIVE


@pytest.mark.parametrize("package", _carried())
def test_its_licence_is_deployed_with_it(package: str) -> None:
    licences = [
        each for each in files(package) or [] if re.search(r"dist-info/(.*/)?(LICENSE|COPYING)", each.as_posix())
    ]
    assert licences
    for each in licences:
        assert not [noise for noise in bundling._NOISE if fnmatch(each.as_posix(), noise)], each


@pytest.mark.parametrize("package", _carried())
def test_the_notice_names_it(package: str) -> None:
    notice = re.sub(r"[-_. ]+", "-", (ROOT / "NOTICE").read_text().lower())
    assert package in notice


def test_the_product_says_its_licence_wherever_one_looks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE", "NOTICE"]
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
    assert "[Apache License 2.0](LICENSE)" in (ROOT / "README.md").read_text()
