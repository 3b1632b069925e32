"""The facts that figures can't be read without."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def machine() -> str:
    """Cores, CPU, interpreter and date, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, {python}, {datetime.now(UTC):%Y-%m-%d}"


def load() -> str:
    """What ran beside: the load averages over 1, 5 and 15 minutes."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())
