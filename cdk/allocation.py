"""How a function that computes with arrays is set up. Without the CDK, so that the benchmarks can do the same."""

from typing import Final

FOR_ARRAYS: Final = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_TOP_PAD_": "67108864",
    "OPENBLAS_NUM_THREADS": "1",
}
"""glibc returns the memory of each large array to the system, which then clears it anew: twice the time for arrays.
NumPy's linear algebra, which nothing here uses, starts a thread for each core while it is imported."""
