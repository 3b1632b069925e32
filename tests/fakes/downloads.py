"""A server of results: Range requests, hashes, and everything that can go wrong on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from compliance.wire import Download, Request, WireError
from tests.fakes.breach import crc32c, require


@dataclass(frozen=True)
class Serving:
    """How one request is answered.

    ``cut_after``: bytes after which the connection breaks; ``ends_after``: bytes after which the body just ends;
    ``status``: instead of the file.
    """

    cut_after: int | None = None
    ends_after: int | None = None
    status: int | None = None
    body: bytes = b""
    ignores_range: bool = False
    corrupts: bool = False
    is_chunked: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeDownloads:
    """Implements ``Fetch``. ``script`` is how the next requests are answered; after it, all goes well."""

    files: dict[str, bytes] = field(default_factory=dict)
    script: list[Serving] = field(default_factory=list)
    block: int = 7
    says_hash: bool = True
    wants_bearer: bool = False
    asked: list[str | None] = field(default_factory=list)
    is_open: int = 0

    @contextmanager
    def fetch(self, request: Request) -> Iterator[Download]:
        require(request.method == "GET", "results are fetched by GET")
        has_bearer = "authorization" in request.headers
        require(has_bearer == self.wants_bearer, "X's own download wants the bearer token, Google's must not see it")
        serving = self.script.pop(0) if self.script else Serving()
        self.asked.append(request.headers.get("range"))
        if serving.status is not None:
            yield Download(serving.status, serving.headers, iter([serving.body]))
            return
        self.is_open += 1
        try:
            yield self._file(self.files[request.url], request, serving)
        finally:
            self.is_open -= 1

    def _file(self, content: bytes, request: Request, serving: Serving) -> Download:
        asked = request.headers.get("range")
        is_partial = asked is not None and not serving.ignores_range
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and is_partial else 0
        headers = {"content-length": str(len(content) - start)}
        if is_partial:
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        elif serving.is_chunked:
            headers = {"transfer-encoding": "chunked"}
        if self.says_hash:
            headers |= {"x-goog-hash": f"crc32c={crc32c(content)}", "x-goog-stored-content-length": str(len(content))}
        sent = content[start:]
        if serving.corrupts:
            sent = bytes([sent[0] ^ 1]) + sent[1:]
        return Download(206 if is_partial else 200, headers | serving.headers, self._blocks(sent, serving))

    def _blocks(self, sent: bytes, serving: Serving) -> Iterator[bytes]:
        stop = min(n for n in (serving.cut_after, serving.ends_after, len(sent)) if n is not None)
        for begin, end in pairwise([*range(0, stop, self.block), stop]):
            yield sent[begin:end]
        if serving.cut_after is not None:
            raise WireError("IncompleteRead")
