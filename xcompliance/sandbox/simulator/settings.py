"""How the simulator behaves: one frozen object, validated once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Generation = Literal["gcs", "x-hosted"]
JobType = Literal["tweets", "users"]
Resumable = Literal["honoured", "ignored", "refused"]
LateUploads = Literal["accepted", "expired"]

GENERATIONS: tuple[Generation, ...] = get_args(Generation)
JOB_TYPES: tuple[JobType, ...] = get_args(JobType)

MAX_SIGNED_SECONDS = 604_800
"""A signed URL is good for seven days at most."""


@dataclass(frozen=True)
class Settings:
    """Settings of one simulator. Seconds are simulated ones, sizes are bytes.

    Raises ValueError when a value makes no sense.
    """

    generation: Generation = "gcs"
    """Who takes the bytes of new jobs: Google Cloud Storage, or X itself."""
    bearer_token: str = "simulator-bearer-token"  # noqa: S105 - opens nothing but the simulator
    """The one token that the API accepts."""
    resumable: Resumable | None = None
    """What becomes of ``resumable`` in a create; by default refused by the x-hosted generation alone.

    Ignored means: not refused, but the URL is signed for ``content-type;host`` alone, as in X's own example.
    """
    speed: float = 1.0
    """Simulated seconds per real second."""
    job_seconds: float = 60.0
    """From the end of the upload to the end of the job."""
    upload_window_seconds: float = 900.0
    """From the creation of a job to ``upload_expires_at``."""
    late_uploads: LateUploads = "accepted"
    """Whether an upload that began in time and goes on counts when it ends after ``upload_expires_at``."""
    rate_limit: int = 150
    """Requests per 15 minutes and operation."""
    events: Path | None = None
    """NDJSON of result records, answered as they are; without it the documented rule answers."""
    partial_persistence: float = 0.0
    """Probability that only a random part of a chunk is persisted."""
    seed: int = 0
    """Of all randomness."""
    upload_rate: int | None = None
    """Bytes per real second that one connection may upload."""
    md5: bool = True
    """Whether stored objects carry an MD5; composite ones at Google do not. Without it uploads are faster."""
    sign_content_length: bool = False
    """Whether upload URLs are signed for ``content-length: 0`` too, as some of X's were."""
    composite_results: bool = False
    """Whether the results are composite objects, of which Google knows no MD5."""
    chunked: bool = False
    """Whether bodies are sent with ``Transfer-Encoding: chunked`` instead of a Content-Length."""
    other_app_token: str | None = None
    """A token of another App, whose jobs are its own."""

    def __post_init__(self) -> None:
        chosen = {
            "generation": (self.generation, GENERATIONS),
            "resumable": (self.resumable, (None, *get_args(Resumable))),
            "late_uploads": (self.late_uploads, get_args(LateUploads)),
        }
        for name, (value, allowed) in chosen.items():
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value}.")
        if not 0 <= self.partial_persistence < 1:
            raise ValueError("partial_persistence must be at least 0 and less than 1.")
        for name in ("speed", "upload_window_seconds", "rate_limit"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0.")
        if self.upload_window_seconds > MAX_SIGNED_SECONDS:
            raise ValueError(f"upload_window_seconds must not be greater than {MAX_SIGNED_SECONDS}.")
        if self.events is not None and not self.events.is_file():
            raise ValueError(f"events must name a file, which {self.events} is not.")
        if self.job_seconds < 0:
            raise ValueError("job_seconds must not be negative.")
        if self.upload_rate is not None and self.upload_rate <= 0:
            raise ValueError("upload_rate must be greater than 0.")

    @property
    def refuses_resumable(self) -> bool:
        """Whether a create with ``resumable`` is answered with 400, as the x-hosted generation has done."""
        return (self.resumable or ("refused" if self.generation == "x-hosted" else "honoured")) == "refused"
