"""A benchmark tells a function what a deployment tells it."""

from adapters.settings import Settings
from benchmarks.clients.deployed import function_environment


def test_a_function_under_measurement_is_told_all_that_it_asks_for() -> None:
    settings = Settings.of(function_environment(part_size_mb=1024))
    assert (settings.part_size_mb, settings.results_index, settings.id_column) == (1024, True, "")
