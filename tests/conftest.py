"""What all tests share: a slow machine is no failure, and a failure is one on every machine."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings

settings.register_profile("here", deadline=None, derandomize=True, print_blob=False)
settings.register_profile("unshrunk", settings.get_profile("here"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("here")

os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))
"""The CDK's library runs in the Node that is installed with it: a machine needs none of its own."""

TESTS = Path(__file__).parent
TOGETHER = ("end_to_end/gcs", "end_to_end/x_hosted", "infrastructure")
"""Folders whose tests share what takes long to make: one process runs them all. Of others it runs a file."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest go first, so that none of them is left for one process at the end."""
    for item in items:
        file = item.path.relative_to(TESTS)
        folders = [folder for folder in TOGETHER if file.is_relative_to(folder)]
        item.add_marker(pytest.mark.xdist_group(folders[0] if folders else str(file)))
    items.sort(key=lambda item: not item.path.is_relative_to(TESTS / "end_to_end"))
