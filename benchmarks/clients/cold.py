"""What a function's file takes to import, in seconds: what a cold start waits for. Arguments: MODULE."""

import importlib
import sys
import time


def main() -> None:
    """Imports it, and prints the seconds."""
    began = time.perf_counter()
    importlib.import_module(sys.argv[1])
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
