"""Which way the bytes go, decided by the URL that X gave: by its host, and by what it is signed for."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from compliance.errors import ProtocolViolation
from compliance.gcs_resumable import opens_session
from compliance.runs import Transport

Host = Literal["google", "x"]


@dataclass(frozen=True)
class TransferHosts:
    """The only origins that bytes are sent to or fetched from: a URL in an API answer is input.

    X has several: its API's own, and the hosts that it names for transfers. Only these ever see the bearer token.
    """

    x_urls: tuple[str, ...]
    gcs_url: str

    def of(self, url: str) -> Host:
        """Whose URL this is; raises ProtocolViolation for any other origin.

        Where X and Google are one server, X's own byte path is known by its documented address.
        """
        origin, path = _origin(url), urlsplit(url).path
        is_x, is_google = origin in map(_origin, self.x_urls), origin == _origin(self.gcs_url)
        if is_x and (not is_google or path.startswith("/2/compliance/jobs/")):
            return "x"
        if is_google:
            return "google"
        raise ProtocolViolation("X named a host for the transfer that is neither its own nor Google's.")

    def transport(self, upload_url: str) -> Transport:
        """Return how to upload to this URL; raises ProtocolViolation for any other origin.

        X may answer ``resumable: true`` with a URL that opens no session, so the job itself is not asked.
        """
        if self.of(upload_url) == "x":
            return "x_hosted"
        return "gcs_resumable" if opens_session(upload_url) else "gcs_put"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        raise ProtocolViolation("X named a URL that cannot be read.") from None
    if parts.username is not None or parts.password is not None:
        raise ProtocolViolation("X named a URL with a user in it.")
    return parts.scheme, parts.hostname, port
