"""The app as a deployer synthesizes it, once for AWS and once for the sandbox, without AWS and without installing."""

import pytest

from tests.infrastructure.deployment import Deployment, everything, synthesize


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The app with its defaults."""
    return synthesize(tmp_path_factory.mktemp("aws"))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The app with all that only some deployments have."""
    folder = tmp_path_factory.mktemp("full")
    return synthesize(folder / "out", **everything(folder))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The app as the sandbox deploys it."""
    return synthesize(tmp_path_factory.mktemp("sandbox"), sandbox="true")
