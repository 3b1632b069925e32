"""The clients: how each is called, which version it is, and where to get one that is missing."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.clients.environment import PEERS, client_environment
from benchmarks.dataset import Dataset
from benchmarks.processes import measure

Command = Callable[[Dataset, str], list[str]]

_PIPE = (
    '"$0" -qsSf "$AWS_ENDPOINT_URL_S3/bench/$1" | '
    '"$0" -qsSf --upload-file - --header Transfer-Encoding: --header "$2" "$3"'
)
"""Arguments: curl, the object's key, the header that names its length, where to."""


@dataclass(frozen=True)
class Client:
    """A program that uploads, started by ``command(dataset, sink_url)``. ``missing`` says where to get one that is."""

    name: str
    version: str
    command: Command = field(repr=False)
    missing: str = ""


def ours(chunk_mib: int, *, from_file: bool = False) -> Client:
    """The function Upload Part, with chunks of at most ``chunk_mib`` MiB; from a file, what sending alone costs."""
    return Client(
        f"**ours, {'file' if from_file else 'S3'} → session, {chunk_mib} MiB chunks**",
        f"boto3 {version('boto3')}, urllib3 {version('urllib3')}",
        lambda dataset, sink: [
            *_python("ours"),
            dataset.path.name, str(dataset.bytes), dataset.crc32c, f"{sink}/bench/ids.txt", str(chunk_mib),
            *([str(dataset.path)] if from_file else []),
        ],
    )  # fmt: skip


def sendfile() -> Client:
    """No client but the limit of what comes from a file."""
    return Client(
        "sendfile, file → one PUT: the limit",
        "",
        lambda dataset, sink: [*_python("sendfile"), str(dataset.path), f"{sink}/bench/ids.txt"],
    )


def relay() -> Client:
    """No client but the limit of what comes from S3."""
    return Client(
        "raw sockets, S3 → one PUT: the limit",
        "",
        lambda dataset, sink: [*_python("relay"), dataset.path.name, str(dataset.bytes), f"{sink}/bench/ids.txt"],
    )


def curl() -> Client:
    """One PUT from a file."""
    return _program(
        "curl",
        "`curl -T`, file → one PUT",
        "apt install curl",
        lambda dataset, sink: [
            "-q", "--fail", "--silent", "--show-error", "-T", str(dataset.path), f"{sink}/bench/ids.txt",
        ],
        ["--version"],
    )  # fmt: skip


def curl_from_s3() -> Client:
    """One GET from S3, piped into one PUT: the way that ours goes."""
    return _program(
        "curl",
        "`curl`, S3 → pipe → `curl -T`, one PUT",
        "apt install curl",
        lambda dataset, sink: [dataset.path.name, f"Content-Length: {dataset.bytes}", f"{sink}/bench/ids.txt"],
        ["--version"],
        starter=["sh", "-c", _PIPE],
    )


def rclone(*, from_s3: bool = False, hashes: bool = False) -> Client:
    """From a file or from S3 to Cloud Storage, without credentials, and told that the bucket is there.

    With ``hashes``, its default, it takes the content's MD5 on the way, to compare it with Google's.
    """
    return _program(
        "rclone",
        f"rclone, {'S3' if from_s3 else 'file'} → session, 16 MiB chunks, {'MD5' if hashes else 'no MD5'}",
        "make .build/peers/.installed",
        lambda dataset, sink: [
            "copyto", f":s3:bench/{dataset.path.name}" if from_s3 else str(dataset.path), ":gcs:bench/ids.txt",
            *([] if hashes else ["--ignore-checksum"]),
            "--gcs-endpoint", f"{sink}/storage/v1/", "--gcs-anonymous", "--gcs-no-check-bucket",
        ],
        ["version"],
    )  # fmt: skip


def google_cloud_storage() -> Client:
    """``upload_from_filename``."""
    return Client(
        "google-cloud-storage, file → session, default",
        f"google-cloud-storage {version('google-cloud-storage')}",
        lambda dataset, sink: [*_python("google_cloud_storage"), str(dataset.path), sink],
    )


@dataclass(frozen=True)
class Clients:
    """All that are measured. rclone from S3 without MD5 does what ours does; its default is a file, with MD5."""

    sendfile: Client = field(default_factory=sendfile)
    relay: Client = field(default_factory=relay)
    ours: Client = field(default_factory=lambda: ours(256))
    ours_from_file: Client = field(default_factory=lambda: ours(256, from_file=True))
    ours_in_small_chunks: Client = field(default_factory=lambda: ours(64))
    curl: Client = field(default_factory=curl)
    curl_from_s3: Client = field(default_factory=curl_from_s3)
    rclone: Client = field(default_factory=rclone)
    rclone_default: Client = field(default_factory=lambda: rclone(hashes=True))
    rclone_from_s3: Client = field(default_factory=lambda: rclone(from_s3=True))
    google_cloud_storage: Client = field(default_factory=google_cloud_storage)

    @property
    def on_loopback(self) -> list[Client]:
        """Those whose cost is of interest."""
        rclones = [self.rclone, self.rclone_default, self.rclone_from_s3]
        return [
            self.sendfile, self.relay, self.ours, self.ours_from_file, self.curl, self.curl_from_s3, *rclones,
            self.google_cloud_storage,
        ]  # fmt: skip

    @property
    def on_shaped_link(self) -> list[Client]:
        """Those whose use of the link is of interest."""
        return [self.ours, self.ours_in_small_chunks, self.curl, self.rclone_from_s3, self.google_cloud_storage]


def boto3_peak(home: Path) -> int:
    """Peak memory, in bytes, of a process that imports boto3 and makes a client."""
    return measure(_python("boto3_alone"), client_environment(home, "http://127.0.0.1")).peak_bytes


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.clients.{module}"]


def _program(
    program: str,
    name: str,
    source: str,
    arguments: Command,
    version_arguments: list[str],
    *,
    starter: Sequence[str] = (),
) -> Client:
    path = shutil.which(program, path=PEERS) or shutil.which(program)
    if path is None:
        return Client(name, "", arguments, missing=f"not installed: {source}")
    said = subprocess.run([path, *version_arguments], check=True, capture_output=True, text=True).stdout
    first_words = " ".join(said.splitlines()[0].split()[:2])
    return Client(name, first_words, lambda dataset, sink: [*starter, path, *arguments(dataset, sink)])
