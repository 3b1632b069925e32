"""Where a download is kept, in memory, with the rules of S3's multipart upload."""

from dataclasses import dataclass, field

from compliance.download import State
from tests.fakes.breach import require


@dataclass
class MemorySink:
    """Implements ``Sink``. ``content`` is the object once it is finished; ``saved`` survives the invocation."""

    piece_bytes: int = 10
    content: bytes | None = None
    saved: State = field(default_factory=State)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def begin(self) -> str:
        upload_id = f"upload-{len(self.uploads)}"
        self.uploads[upload_id] = {}
        return upload_id

    def write(self, upload_id: str, number: int, piece: bytes) -> str:
        require(0 < len(piece) <= self.piece_bytes, "a piece has the wrong length")
        require(number >= 1, "pieces count from 1")
        self.uploads[upload_id][number] = piece
        return f"etag-{number}"

    def finish(self, upload_id: str, etags: tuple[str, ...]) -> None:
        pieces = self.uploads[upload_id]
        require(etags == tuple(f"etag-{n}" for n in range(1, len(etags) + 1)), "the ETags are not the pieces'")
        ordered = [pieces[number] for number in range(1, len(etags) + 1)]
        require(all(len(piece) == self.piece_bytes for piece in ordered[:-1]), "a piece but the last is short")
        self.content = b"".join(ordered)

    def write_whole(self, content: bytes) -> None:
        require(len(content) < self.piece_bytes, "the object does not fit into one piece")
        self.content = content

    def save(self, state: State) -> None:
        self.saved = state
