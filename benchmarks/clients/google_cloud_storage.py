"""Google's own client with its default settings. Arguments: FILE ENDPOINT."""

import sys

from google.auth.credentials import AnonymousCredentials
from google.cloud.storage.client import Client


def main() -> None:
    """Uploads the file."""
    path, endpoint = sys.argv[1:]
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = Client(project="bench", credentials=credentials, client_options={"api_endpoint": endpoint})
    client.bucket("bench").blob("ids.txt").upload_from_filename(path)


if __name__ == "__main__":
    main()
