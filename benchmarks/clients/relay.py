"""The limit of what comes from S3: one socket's bytes into another. Arguments: KEY BYTES URL."""

import os
import socket
import sys
from urllib.parse import urlsplit

_BLOCK = 1 << 20


def main() -> None:
    """Relays the object from one GET into one PUT."""
    key, total, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    target = urlsplit(url)
    with _connected(os.environ["AWS_ENDPOINT_URL_S3"]) as source, _connected(url) as sink:
        source.sendall(f"GET /bench/{key} HTTP/1.1\r\nHost: s3\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += source.recv(1)
        head = f"PUT {target.path} HTTP/1.1\r\nHost: sink\r\nContent-Length: {total}\r\n\r\n"
        sink.sendall(head.encode())
        block = memoryview(bytearray(_BLOCK))
        while total and (count := source.recv_into(block)):
            sink.sendall(block[:count])
            total -= count
        sink.recv(_BLOCK)


def _connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port))


if __name__ == "__main__":
    main()
