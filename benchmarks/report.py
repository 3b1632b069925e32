"""The figures as Markdown."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.clients.catalogue import Client
from benchmarks.figures import Figures
from benchmarks.processes import ClientFailed
from benchmarks.targets import Target
from benchmarks.trial import SHAPED

INTRODUCTION = """\
Every client uploads the same {size} MiB of 19-digit IDs into the same sink, all over the loopback of one machine. The
sink is a small server that keeps no byte, but counts them and takes their CRC32C: each upload is checked by it. A file
is read from the page cache; S3 is a small server that sends it, and takes its share of the cores.

MB are 10^6 bytes. MB/s run from a client's first connection to the answer that the object is stored. CPU is the
client's, user and system, without its start. Medians of {runs} interleaved runs.
The targets are medians of ratios, each of two uploads of the same run."""

_SHAPED = """\
The same with both servers shaped to {rate:.0f} MB/s, {first_byte:.0f} ms to S3's first byte, and {commit:.0f} ms to
commit each PUT. Runs of each: {runs}."""


def shaped_introduction(runs: int) -> str:
    """Says what the shaped link is."""
    return _SHAPED.format(
        rate=SHAPED.sink.rate / 1e6, first_byte=SHAPED.s3.delay * 1e3, commit=SHAPED.sink.delay * 1e3, runs=runs
    )


def loopback_table(
    clients: Sequence[Client], measured: Mapping[str, Figures], reference: Figures | None, boto3_peak: float, size: int
) -> str:
    """Every client on the bare loopback, beside the reference; ``size`` is the whole file's, in MiB."""
    ratio = "times curl"
    head = ["", "MB/s", ratio, "CPU s/GiB", ratio, f"peak RSS MB, {size // 4} → {size} MiB", ratio]
    rows = [_loopback_row(client, measured.get(client.name), reference) for client in clients]
    rows.append(["boto3 alone: imported, one client made", "", "", "", "", f"{boto3_peak:.0f}", ""])
    return table(head, rows)


def _loopback_row(client: Client, found: Figures | None, reference: Figures | None) -> list[str]:
    if found is None:
        return [client.name, client.missing, "", "", "", "", ""]
    rate, cpu, peak = (
        (f"{found.rate / reference.rate:.2f}", f"{found.cpu / reference.cpu:.2f}", f"{found.peak / reference.peak:.1f}")
        if reference
        else ("", "", "")
    )
    peaks = f"{found.small_peak:.0f} → {found.peak:.0f}"
    return [client.name, f"{found.rate:.0f}", rate, f"{found.cpu:.2f}", cpu, peaks, peak]


def shaped_table(clients: Sequence[Client], rates: Mapping[str, float]) -> str:
    """Every client's MB/s on the shaped link."""
    return table(["", "MB/s", "of the link"], [_shaped_row(client, rates.get(client.name)) for client in clients])


def _shaped_row(client: Client, rate: float | None) -> list[str]:
    if rate is None:
        return [client.name, client.missing, ""]
    return [client.name, f"{rate:.1f}", f"{rate * 1e6 / SHAPED.sink.rate:.3f}"]


def targets_table(targets: Sequence[Target]) -> str:
    """What must hold, and whether it does."""
    rows = [[target.text, _figure(target.measured), target.verdict] for target in targets]
    return table(["target", "measured", ""], rows)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, its first column flush left."""
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def publish(measured: Callable[[], str], output: Path) -> None:
    """Prints what was measured, and writes it to a file; ends the program when a client failed."""
    try:
        text = measured()
    except ClientFailed as error:
        sys.exit(str(error))
    print(text)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text + "\n")
