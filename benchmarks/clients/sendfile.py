"""The limit: a file in one PUT by sendfile, which no byte of enters the process. Arguments: FILE URL."""

import http.client
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit


def main() -> None:
    """Uploads the file."""
    path, url = sys.argv[1:]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    with Path(path).open("rb") as file:
        total = os.fstat(file.fileno()).st_size
        connection.putrequest("PUT", parts.path)
        connection.putheader("Content-Length", str(total))
        connection.endheaders()
        connection.sock.sendfile(file)
    sys.exit(connection.getresponse().status != 200)


if __name__ == "__main__":
    main()
