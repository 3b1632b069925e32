"""What all tests share: a slow machine is no failure, and a failure is one on every machine."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("here", deadline=None, derandomize=True, print_blob=False)
settings.register_profile("unshrunk", settings.get_profile("here"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("here")

os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path(__file__).parents[1] / ".build" / "jsii"))
"""The CDK's library runs in the Node that is installed with it, as for the make commands, and with their cache."""

TOGETHER = ("tests/end_to_end/gcs/", "tests/end_to_end/x_hosted/", "tests/infrastructure/")
"""Folders whose tests share what takes long to make: one process runs them all. Of others it runs a file."""


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Spreads the tests over processes."""

    def _split_scope(self, nodeid: str) -> str:
        folders = [folder for folder in TOGETHER if nodeid.startswith(folder)]
        return folders[0] if folders else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Takes the place of each of xdist's own ways."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest go first, so that none of them is left for one process at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/end_to_end/"))
