"""Simulators for the tests, each with its own time, on free ports."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from xcompliance.sandbox.simulator import Settings, Simulator

from .client import Client
from .contract import DESCRIPTION, Contract

Simulate = Callable[..., Client]


@pytest.fixture(scope="session")
def known_contract() -> Contract | None:
    return Contract.load()


@pytest.fixture
def contract(known_contract: Contract | None) -> Contract:
    """X's own description; tests that are about nothing else are skipped without it."""
    if known_contract is None:
        pytest.skip(f"X's API description is not at {DESCRIPTION}")
    return known_contract


@pytest.fixture
def simulate(known_contract: Contract | None) -> Iterator[Simulate]:
    """Starts simulators with the settings given; jobs end at once unless said otherwise."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Client:
            simulator = stack.enter_context(Simulator(Settings(**{"job_seconds": 0, **settings})))
            return Client(simulator, known_contract)

        yield start


@pytest.fixture
def client(simulate: Simulate) -> Client:
    """The GCS generation."""
    return simulate()


@pytest.fixture
def x_hosted(simulate: Simulate) -> Client:
    """The x-hosted generation."""
    return simulate(generation="x-hosted")
