"""A deployment in memory for every test."""

from collections.abc import Iterator

import pytest

from tests.fakes.world import CREDENTIAL
from tests.faults.deployment import Deployment, deployed
from tests.unit.conftest import clients

__all__ = ["clients"]


@pytest.fixture
def deployment(clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed(monkeypatch) as deployment:
        yield deployment
        assert not CREDENTIAL.search(deployment.log.getvalue())
