"""Runs the same tests again and again in fresh processes that need not load AWS's packages anew, which takes longer.

``python -m tests.mutation.warm SOCKET ARGUMENT...`` waits at a socket; ``python warm.py SOCKET`` has pytest called with
these arguments, and exits as it does.
"""

import os
import signal
import socket
import sys
from importlib import import_module

LOADED = ("aws_lambda_powertools", "boto3", "duckdb", "google_crc32c", "hypothesis", "moto", "numpy", "pytest")
"""Of the project's own modules none: each process has to read what was broken in them."""


def serve(path: str, arguments: list[str]) -> None:
    """Calls pytest with these arguments for whoever connects, in a process that ends when its caller does."""
    for name in LOADED:
        import_module(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        while True:
            caller = server.accept()[0]
            child = os.fork()
            if not child:
                code = import_module("pytest").main(arguments)
                caller.sendall(bytes([code]))
                os._exit(0)
            with caller:
                caller.recv(1)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def ask(path: str) -> int:
    """The exit code of one run of the tests."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        return (server.recv(1) or b"\1")[0]


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1])) if len(sys.argv) == 2 else serve(sys.argv[1], sys.argv[2:])
