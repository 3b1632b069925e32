"""What the upload must reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.clients.catalogue import Client, Clients
from benchmarks.figures import Figures
from benchmarks.trial import SHAPED, Trial


@dataclass(frozen=True)
class Target:
    """What must hold: ``measured`` is at least, or at most, ``bound``; None where a client for it is missing."""

    text: str
    measured: float | None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def verdict(self) -> str:
        """Says met, missed, or not measured."""
        if self.measured is None:
            return "not measured"
        is_low = self.at_least is not None and self.measured < self.at_least
        is_high = self.at_most is not None and self.measured > self.at_most
        return "**missed**" if is_low or is_high else "met"


def targets(
    clients: Clients,
    loopback: Mapping[str, Sequence[Trial]],
    measured: Mapping[str, Figures],
    shaped: Mapping[str, float],
    boto3_peak: float,
) -> list[Target]:
    """Return the targets, with the median of ours over a peer's MB/s, run by run.

    Args:
        loopback: the trials of the whole file, by client and in the order of the runs.
        measured: the same, summed up.
        shaped: MB/s on the shaped link.
        boto3_peak: the MB that boto3 takes by itself.
    """
    ours = measured[clients.ours.name]

    def times(peer: Client, own: Client = clients.ours) -> float | None:
        if peer.name not in loopback:
            return None
        pairs = zip(loopback[own.name], loopback[peer.name], strict=True)
        return median(each.rate / other.rate for each, other in pairs)

    return [
        Target("MB/s, times a raw relay's: ≥ 0.9", times(clients.relay), at_least=0.9),
        Target(
            "MB/s, times curl's, both from a file: ≥ 0.9", times(clients.curl, clients.ours_from_file), at_least=0.9
        ),
        Target("MB/s, times curl's, both from S3: ≥ 0.9", times(clients.curl_from_s3), at_least=0.9),
        Target("MB/s, from S3, times curl's from a file: ≥ 0.78", times(clients.curl), at_least=0.78),
        Target("MB/s, times rclone's as it comes, from a file: ≥ 1.3", times(clients.rclone_default), at_least=1.3),
        Target("MB/s, times rclone's from S3 without MD5: ≥ 1.3", times(clients.rclone_from_s3), at_least=1.3),
        Target("MB/s, times rclone's from a file without MD5: ≥ 1.3", times(clients.rclone), at_least=1.3),
        Target("MB/s, times google-cloud-storage's: ≥ 1.9", times(clients.google_cloud_storage), at_least=1.9),
        Target("MB/s, of the shaped link: ≥ 0.93", shaped[clients.ours.name] * 1e6 / SHAPED.sink.rate, at_least=0.93),
        Target("peak RSS, MB over boto3 alone: ≤ 16", ours.peak - boto3_peak, at_most=16),
        Target("peak RSS, MB that four times the file adds: ≤ 1", ours.peak - ours.small_peak, at_most=1),
    ]
