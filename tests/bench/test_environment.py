"""A benchmark's function is told what a deployed one is told."""

from adapters.settings import Settings
from benchmarks.clients.deployed import function_environment


def test_a_function_reads_its_settings_from_what_a_benchmark_tells_it() -> None:
    assert Settings.of(function_environment()).part_size_mb == 128
    assert Settings.of(function_environment(part_size_mb=64)).part_size_mb == 64
