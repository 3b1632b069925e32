"""What tests arrange for the next downloads of results."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xcompliance.sandbox.simulator import wire
from xcompliance.sandbox.simulator.world import World as Core


@dataclass(frozen=True)
class Serving:
    """How one request is answered.

    ``cut_after``: bytes after which the connection breaks; ``ends_after``: bytes that are announced and sent, although
    the file is longer; ``status`` and ``body``: instead of the file; ``headers``: instead of the due ones, or None for
    none.
    """

    cut_after: int | None = None
    ends_after: int | None = None
    status: int | None = None
    body: bytes | None = None
    ignores_range: bool = False
    corrupts: bool = False
    headers: Mapping[str, str | None] = field(default_factory=dict)


@dataclass
class Downloads:
    """``script`` is how the next requests are answered; after it, all goes well. Bodies come in ``block`` bytes."""

    core: Core
    script: list[Serving] = field(default_factory=list)
    block: int = 1 << 16
    says_hash: bool = True
    asked: list[str | None] = field(default_factory=list)

    @property
    def is_chunked(self) -> bool:
        """Whether bodies come without their length."""
        return self.core.settings.chunked

    @is_chunked.setter
    def is_chunked(self, is_chunked: bool) -> None:
        self.core.settings = replace(self.core.settings, chunked=is_chunked)

    def arrange(self, request: wire.Request) -> None:
        """Lets happen to a request what a test has asked for."""
        faults = self.core.faults
        self.asked.append(request.headers.get("range"))
        serving = self.script.pop(0) if self.script else Serving()
        if serving.status is not None or serving.body is not None:
            body = (serving.body or b"").decode()
            faults.arm("answer", "download", status=serving.status or 200, body=body)
        if serving.cut_after is not None:
            faults.arm("truncated_download", "download", keep_bytes=serving.cut_after)
        if serving.ends_after is not None:
            faults.arm("short_download", "download", keep_bytes=serving.ends_after)
        if serving.ignores_range:
            faults.arm("range_ignored", "download")
        if serving.corrupts:
            faults.arm("corrupted_download", "download")
        if not self.says_hash:
            faults.arm("header", "download", header="x-goog-hash", value=None)
        for name, value in serving.headers.items():
            faults.arm("header", "download", header=name, value=value)
