"""Plays X's batch-compliance API and Google Cloud Storage's XML resumable upload, on loopback.

As a process: ``python -m xcompliance.sandbox.simulator --help``.
In a test: ``with Simulator(Settings(...)) as simulator``.
Beside the two services, the API port has endpoints of the simulator's own: ``/_simulator/faults`` (GET, POST, DELETE),
``/_simulator/journal`` (GET, DELETE), ``/_simulator/jobs`` (GET), ``/_simulator/clock`` and ``/_simulator/settings``
(GET, POST). What it answers of an ID is in ``rule.py``, what can go wrong in ``faults.py``.
"""

from xcompliance.sandbox.simulator.server import Simulator
from xcompliance.sandbox.simulator.settings import Settings

__all__ = ["Settings", "Simulator"]
