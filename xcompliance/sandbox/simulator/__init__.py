"""Plays X's batch-compliance API and Google Cloud Storage's XML resumable upload, on loopback."""

from xcompliance.sandbox.simulator.server import Simulator
from xcompliance.sandbox.simulator.settings import Settings

__all__ = ["Settings", "Simulator"]
