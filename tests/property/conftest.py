"""The same AWS in memory as the functions' own tests have."""

from tests.unit.conftest import clients, clock, environment

__all__ = ["clients", "clock", "environment"]
