"""AWS on this machine: ministack, with IAM enforced, over HTTPS on a free loopback port."""

import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xcompliance.sandbox.processes import running
from xcompliance.sandbox.tls import Certificate

REGION = "us-east-1"
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 -- the emulator's name for its root user
"""The emulator's root user; functions get the credentials of their roles."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator and what its clients need in their environment."""

    url: str
    certificate: Certificate

    @property
    def client_environment(self) -> dict[str, str]:
        """Variables for boto3 and for the CDK CLI."""
        return client_environment(self.url, self.certificate)


def client_environment(url: str, certificate: Certificate) -> dict[str, str]:
    """This process's environment without its own AWS settings, pointed at the emulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_CA_BUNDLE": str(certificate.bundle),
        "SSL_CERT_FILE": str(certificate.bundle),
        "NODE_EXTRA_CA_CERTS": str(certificate.certificate),
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextmanager
def emulator(folder: Path, certificate: Certificate, wait_scale: float) -> Iterator[Emulator]:
    """Runs ministack with its files in ``folder``; Step Functions' waits last ``wait_scale`` times as long."""
    port = _free_port()
    url = f"https://127.0.0.1:{port}"
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {
        **client_environment(url, certificate),
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.certificate),
        "MINISTACK_SSL_KEY": str(certificate.key),
        "MINISTACK_REGION": REGION,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "ATHENA_ENGINE": "duckdb",
        "ATHENA_DATA_DIR": str(temporary / "athena"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "SFN_WAIT_SCALE": str(wait_scale),
        "SANDBOX_PYTHON": sys.executable,
        "TMPDIR": str(temporary),
    }
    command = [sys.executable, "-m", "xcompliance.sandbox.emulator_process"]
    trust = ssl.create_default_context(cafile=str(certificate.certificate))

    def is_healthy() -> bool | None:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5, context=trust) as answer:
                return True if answer.status == 200 else None
        except (urllib.error.URLError, OSError):
            return None

    with running("AWS emulator", command, environment, folder / "emulator.log", is_healthy):
        yield Emulator(url, certificate)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
