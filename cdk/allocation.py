"""How a function's memory is managed. Without the CDK, so that the benchmarks can do the same."""

from typing import Final

KEEP_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_TOP_PAD_": "67108864",
}
"""glibc returns the memory of each large array to the system, which then clears it anew: twice the time for arrays."""
