"""What a function is told by its environment, read once."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from compliance.polling import PollSchedule
from compliance.transports import TransferHosts


@dataclass(frozen=True)
class Settings:
    """Names of the resources and the deployer's choices; ``cdk/config.py`` explains and validates each choice."""

    runs_table: str
    results_table: str
    results_bucket: str
    bearer_token_secret_arn: str
    x_api_url: str
    gcs_url: str
    event_bus: str
    glue_database: str
    athena_work_group: str
    datasets: tuple[str, ...]
    run_state_machine_arn: str
    service: str
    x_transfer_hosts: str
    part_size_mb: int
    chunk_size_mb: int
    reject_limit_percent: float
    rounded_ids: Literal["fail", "warn"]
    embedded: bool
    resumable: Literal["auto", "always", "never"]
    unverified: Literal["warn", "fail"]
    first_poll_seconds: float
    min_poll_seconds: float
    max_poll_seconds: float
    poll_worth_percent: float
    job_deadline_hours: float
    conflict_deadline_hours: float
    results_index: bool
    id_column: str
    deduplicate_across_parts: bool
    working_copies_days: int
    results_days: int
    proof_days: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the environment of a function; raises KeyError or TypeError when the deployment left something out."""
        return cls(
            runs_table=environment["RUNS_TABLE"],
            results_table=environment["RESULTS_TABLE"],
            results_bucket=environment["RESULTS_BUCKET"],
            bearer_token_secret_arn=environment["BEARER_TOKEN_SECRET_ARN"],
            x_api_url=environment["X_API_URL"],
            gcs_url=environment["GCS_URL"],
            event_bus=environment["EVENT_BUS"],
            glue_database=environment["GLUE_DATABASE"],
            athena_work_group=environment["ATHENA_WORK_GROUP"],
            datasets=tuple(environment["DATASETS"].split()),
            run_state_machine_arn=environment["RUN_STATE_MACHINE_ARN"],
            service=environment["POWERTOOLS_SERVICE_NAME"],
            **json.loads(environment["SETTINGS"]),
        )

    @property
    def part_bytes(self) -> int:
        """Largest part, in bytes; X counts a MB as 10^6."""
        return self.part_size_mb * 1_000_000

    @property
    def chunk_bytes(self) -> int:
        """Largest chunk of a resumable upload, in bytes: a multiple of 256 KiB."""
        return self.chunk_size_mb << 20

    @property
    def transfer_hosts(self) -> TransferHosts:
        """The only hosts that bytes are sent to or fetched from."""
        x_urls = [f"https://{host}" for host in self.x_transfer_hosts.split(",")]
        return TransferHosts((self.x_api_url, *x_urls), self.gcs_url)

    @property
    def job_deadline_seconds(self) -> float:
        """How long X may take for a job, from its creation."""
        return self.job_deadline_hours * 3600

    @property
    def poll_schedule(self) -> PollSchedule:
        """When to ask X how a job stands."""
        return PollSchedule(
            first=self.first_poll_seconds,
            shortest=self.min_poll_seconds,
            longest=self.max_poll_seconds,
            worth=self.poll_worth_percent / 100,
        )


@cache
def settings() -> Settings:
    """The settings of this function."""
    return Settings.of(os.environ)
