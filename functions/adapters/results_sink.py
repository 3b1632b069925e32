"""Where X's answer is written: one object, in pieces that any invocation can go on from."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters import objects, runs_table
from adapters.aws import s3
from adapters.settings import settings
from compliance.download import State
from compliance.errors import ResultsCorrupted
from compliance.runs import PartRef, raw_key

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PIECE_BYTES = 16 << 20
"""S3 wants at least 5 MiB and at most 10,000 pieces. Enough for 140 GB: with more, the part's record gets too long."""


@dataclass(frozen=True)
class ResultsSink:
    """The raw results object of one part; how far it has come is kept on the part's record."""

    ref: PartRef
    job_name: str
    piece_bytes: int = PIECE_BYTES

    @property
    def _key(self) -> str:
        return raw_key(self.ref.run_id, self.ref.part)

    @property
    def _bucket(self) -> str:
        return settings().results_bucket

    def begin(self) -> str:
        """Starts a multipart upload."""
        answer = s3().create_multipart_upload(Bucket=self._bucket, Key=self._key, ChecksumAlgorithm="CRC32C")
        return answer["UploadId"]

    def write(self, upload_id: str, number: int, piece: bytes) -> str:
        """Uploads one piece; returns its ETag and checksum, which ``finish`` needs."""
        answer = s3().upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=upload_id,
            PartNumber=number,
            Body=piece,
            ChecksumCRC32C=objects.crc32c_of(piece),
        )
        return f"{answer['ETag']} {answer['ChecksumCRC32C']}"

    def finish(self, upload_id: str, etags: tuple[str, ...]) -> None:
        """Completes the multipart upload; when it is gone, an earlier invocation has completed it.

        Raises ResultsCorrupted when a try that was taken for dead has written a piece since: under a KMS key, the same
        bytes get another ETag each time.
        """
        pieces: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag.split()[0], "ChecksumCRC32C": etag.split()[1]}
            for number, etag in enumerate(etags, 1)
        ]
        try:
            s3().complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=upload_id, MultipartUpload={"Parts": pieces}
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "InvalidPart":
                raise ResultsCorrupted("A piece of the results was written again: they are fetched anew.") from None
            if code != "NoSuchUpload":
                raise

    def write_whole(self, content: bytes) -> None:
        """Writes the object in one piece."""
        objects.write(self._key, content, objects.crc32c_of(content))

    def save(self, state: State) -> None:
        """Keeps the state on the part's record."""
        download = asdict(state) | {"etags": list(state.etags)}
        runs_table.update_part(self.ref, job=self.job_name, until="downloaded_at", download=download)

    @staticmethod
    def saved(download: dict[str, Any] | None) -> State:
        """The state that the part's record holds, or that of a download which has not begun."""
        return State(**download | {"etags": tuple(download["etags"])}) if download else State()
