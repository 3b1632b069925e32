"""What a deployer may decide: CDK context and a file of settings, read once into one frozen object."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays
from constructs import Node

from cdk.config_file import CONFIG_FILE, read_settings
from cdk.datasets import Dataset, DatasetError, datasets_in

LOG_RETENTION: Final[Mapping[int, RetentionDays]] = {
    1: RetentionDays.ONE_DAY,
    7: RetentionDays.ONE_WEEK,
    14: RetentionDays.TWO_WEEKS,
    30: RetentionDays.ONE_MONTH,
    90: RetentionDays.THREE_MONTHS,
    180: RetentionDays.SIX_MONTHS,
    365: RetentionDays.ONE_YEAR,
    731: RetentionDays.TWO_YEARS,
    1827: RetentionDays.FIVE_YEARS,
}

DATASETS_FILE: Final = "datasets.yaml"
MOST_TAGS: Final = 40
"""AWS allows 50 on a resource, of which CloudFormation takes some."""

LONGEST: Final = 36_500
"""Days that anything is kept for at most, if not for ever."""

MOST_POLLS: Final = 1_500
"""Of a job: at 9 events each, which leaves room for waits and uploads in the 25,000 of a history [Step Functions]."""

LONGEST_RETRY: Final = 400
"""Days that a run may go on after what it has prepared is gone: an execution of a year, and what redrives add."""

T = TypeVar("T")


class SettingError(ValueError):
    """A value that no deployment can work with; the message names the key and what it accepts.

    ``key`` is the setting that is wrong, and ``problem`` what is wrong with it, where it is one setting's fault.
    """

    def __init__(self, problem: str, key: str = "", place: str = "CDK context ") -> None:
        super().__init__(f"{place}{key} {problem}" if key else problem)
        self.key, self.problem = key, problem


class Kind(NamedTuple):
    """The values that a setting accepts, in words and as a reader of JSON values and command-line strings."""

    accepts: str
    read: Callable[[object], Any]


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(value)
    return value


def yes_or_no() -> Kind:
    """`true` or `false`."""
    return Kind("true or false", lambda value: {"true": True, "false": False}[str(value).lower()])


def whole(low: int, high: int) -> Kind:
    """An integer from `low` to `high`."""
    return Kind(f"a whole number from {low} to {high}", lambda value: _within(int(str(value)), low, high))


def number(low: float, high: float) -> Kind:
    """A number from `low` to `high`."""
    return Kind(f"a number from {low:g} to {high:g}", lambda value: _within(float(str(value)), low, high))


def days(low: int) -> Kind:
    """How long something is kept, in days: at least `low`; 0 for ever."""
    accepts = f"0, which is for ever, or a whole number of days from {low} to {LONGEST}"
    return Kind(accepts, lambda value: int(str(value)) and _within(int(str(value)), low, LONGEST))


def one_of(*choices: T) -> Kind:
    """One of a few values, compared as they are written."""
    by_name = {str(choice): choice for choice in choices}
    return Kind(f"one of {', '.join(by_name)}", lambda value: by_name[str(value)])


def text(pattern: str, accepts: str) -> Kind:
    """A string that matches `pattern` as a whole."""

    def read(value: object) -> str:
        # YAML and JSON have numbers, as the number of a column.
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(written, str) or not re.fullmatch(pattern, written):
            raise ValueError(value)
        return written

    return Kind(accepts, read)


def url() -> Kind:
    """The origin of a service; kept without a slash at its end."""
    origin = text(r"https?://[\w.-]+(:\d+)?/?", "an origin such as https://host or https://host:port")
    return Kind(origin.accepts, lambda value: origin.read(value).rstrip("/"))


def pairs() -> Kind:
    """Tags: an object of JSON, or `key=value` with commas in between; kept as pairs."""
    tag = re.compile(r"(?!aws:)[\w .:/+@-]{1,128}=[\w .:/=+@-]{0,256}")

    def read(value: object) -> tuple[tuple[str, str], ...]:
        texts = (
            [f"{key}={each}" for key, each in value.items()] if isinstance(value, Mapping) else str(value).split(",")
        )
        if value and (len(texts) > MOST_TAGS or not all(tag.fullmatch(each) for each in texts)):
            raise ValueError(value)
        return tuple((key, each) for key, _, each in (text.partition("=") for text in texts)) if value else ()

    accepts = f"up to {MOST_TAGS} tags, as key=value,key=value or as an object, in letters that AWS allows in tags"
    return Kind(accepts, lambda value: value if isinstance(value, tuple) else read(value))


def setting(default: T, kind: Kind, sentence: str) -> T:
    """A field with its default, the values it accepts, and the sentence that explains it."""
    return field(default=default, metadata={"kind": kind, "sentence": sentence})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One deployment's settings. Raises `SettingError` for a value that is not acceptable."""

    sandbox: bool = setting(
        False, yes_or_no(), "Deploys to the emulator on this machine: local interpreter, nothing retained."
    )
    prefix: str = setting(
        "XCompliance",
        text(r"[A-Za-z][A-Za-z0-9-]{0,31}", "1 to 32 letters, digits or hyphens, a letter first"),
        "Begins the name of both stacks and of everything that has a name.",
    )
    x_api_url: str = setting("https://api.x.com", url(), "Where X's API is served.")
    x_transfer_hosts: str = setting(
        "api.x.com,api.twitter.com",
        text(r"[\w.-]+(,[\w.-]+)*", "names of hosts, with commas in between"),
        "X's hosts that a job may name for its upload and download, by HTTPS. They get the bearer token, and no other "
        "host does.",
    )
    gcs_url: str = setting(
        "https://storage.googleapis.com", url(), "The one storage origin that signed URLs may point to."
    )
    part_size_mb: int = setting(
        128, whole(1, 1024), "The most that one upload carries, in MB (10^6 bytes); X takes 128 at present."
    )
    chunk_size_mb: int = setting(
        256, whole(1, 1024), "The most that one PUT of a resumable upload carries, in MiB (2^20 bytes)."
    )
    reject_limit_percent: float = setting(
        1.0, number(0, 100), "The share of lines that may be no ID before a run is refused, in percent."
    )
    rounded_ids: str = setting(
        "fail",
        one_of("fail", "warn"),
        "What happens to a run whose IDs were certainly rounded by a spreadsheet or a floating-point number: it fails "
        "before X is asked, or it warns.",
    )
    embedded: bool = setting(
        True,
        yes_or_no(),
        "Whether posts and users that are stored within others in JSON are checked, too: retweets, quotes, authors, "
        "and what X includes.",
    )
    deduplicate_across_parts: bool = setting(
        False,
        yes_or_no(),
        "Whether an ID that stands in several parts of a run is checked once; Athena finds it, at 0.1 dollars per "
        "billion IDs.",
    )
    id_column: str = setting(
        "",
        text(r"[^\x00-\x1f\x7f]{0,128}", "the name of a column, or its number from 1; empty for the usual names"),
        "The column of IDs in tables that do not name theirs: its name or its number; empty for id, tweet_id and such.",
    )
    resumable: str = setting(
        "auto",
        one_of("auto", "always", "never"),
        "Whether jobs are created resumable; auto asks for it and remembers when X refuses.",
    )
    unverified: str = setting(
        "warn",
        one_of("warn", "fail"),
        "What happens to a part if Google names no checksum of its upload or its results: it is marked and the run "
        "warns, or it fails.",
    )
    first_poll_seconds: int = setting(
        30, whole(1, 3600), "When a job is polled first while nothing is known of any of its type, in seconds."
    )
    min_poll_seconds: int = setting(5, whole(1, 3600), "The shortest wait for a poll, in seconds.")
    max_poll_seconds: int = setting(3600, whole(1, 86_400), "The longest wait for a poll, in seconds.")
    poll_worth_percent: float = setting(
        1.6,
        number(0.01, 100),
        "How much longer a job may be waited for to save one poll, $0.005, in percent of the time it takes.",
    )
    job_deadline_hours: float = setting(
        24.0, number(0.01, 168), "How long X may take for one job, in hours; its results last seven days."
    )
    conflict_deadline_hours: float = setting(
        24.0, number(0.01, 168), "How long somebody else's job under the same App is waited for, in hours."
    )
    datasets_file: str = setting(
        DATASETS_FILE,
        text(r"[^\x00-\x1f]*", "the name of a file"),
        "Lists the datasets that are checked on a schedule.",
    )
    transfer_timeout_seconds: int = setting(
        900, whole(10, 900), "How long one invocation moves bytes before the next goes on, in seconds."
    )
    results_index: bool = setting(
        True, yes_or_no(), "Whether each affected ID gets an item in DynamoDB; Athena has every record all the same."
    )
    prepare_concurrency: int = setting(
        20, whole(1, 1000), "How many parts are prepared side by side; a new account's quota for Lambda may be 10."
    )
    index_concurrency: int = setting(
        10, whole(1, 1000), "How many ranges of a long answer are written to DynamoDB side by side."
    )
    inbox_days: int = setting(
        30, days(14), "How long a file stays that was dropped below tweets/ or users/, in days; 0 for ever."
    )
    datasets_days: int = setting(
        0,
        days(14),
        "How long a file stays that was put below datasets/, in days; 0 for ever, as what is checked again and again "
        "must stay.",
    )
    working_copies_days: int = setting(
        90,
        days(14),
        "How long what a run works on stays, in days: prepared parts, X's answers as they came, rejected lines; longer "
        "than the longest run takes; 0 for ever.",
    )
    results_days: int = setting(
        731,
        days(90),
        "How long results, checked IDs and reports stay, and an item of the index after the last check that found it "
        "true, in days; 0 for ever.",
    )
    proof_days: int = setting(
        0,
        days(14 + LONGEST_RETRY),
        "How long it stays on record which files were checked when, with which figures, in days; 0 for ever. There "
        "are no IDs in it.",
    )
    recoverable_days: int = setting(
        30,
        whole(1, 365),
        "How long what was deleted or replaced can be brought back, in days: objects, and items of the index, which "
        "AWS keeps for 35 at most.",
    )
    keep_data: bool = setting(True, yes_or_no(), "Whether data outlives the stacks; true, but false in the sandbox.")
    log_retention_days: int = setting(
        90, one_of(*LOG_RETENTION), "How long logs are kept, in days; they are no record of what was checked."
    )
    customer_key: bool = setting(
        False,
        yes_or_no(),
        "Whether the deployment's own KMS key encrypts buckets, index, queues and logs too, as it does the token and "
        "signed URLs.",
    )
    bucket_prefix: str = setting(
        "",
        text(
            r"([a-z0-9]([a-z0-9-]{0,21}[a-z0-9])?)?", "up to 23 lower-case letters, digits or hyphens, none at an end"
        ),
        "Begins the buckets' names, which go on with what they are for, the account and the region; empty for names by "
        "CloudFormation. Changed later it makes new buckets, and the old ones stay.",
    )
    permissions_boundary: str = setting(
        "",
        text(r"((arn:aws[a-z-]*:iam::(\d{12}|aws):policy/)?[\w+=,.@/-]{1,512})?", "the name or the ARN of a policy"),
        "The policy that bounds what every role may do, by its name or ARN; empty for none.",
    )
    role_path: str = setting(
        "/",
        text(r"/([\w+=,.@-]{1,64}/){0,7}", "a path such as /service/compliance/"),
        "The path of every role, as policies of an organization may ask for it. Changed later it makes new roles.",
    )
    tags: tuple[tuple[str, str], ...] = setting(
        (), pairs(), "Tags on both stacks and on all that they hold, to allocate costs by: key=value,key=value."
    )

    alarm_email: str = setting(
        "",
        text(r"([^@\s]+@[^@\s]+\.[^@\s]+)?", "an e-mail address, or empty for none"),
        "Who gets the alarms by e-mail; AWS asks there for a confirmation first.",
    )
    turn_alarm_hours: float = setting(
        12.0, number(0.01, 168), "How long one part may hold the turn of its type before an alarm says so, in hours."
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, self._read(each.name, each.metadata["kind"]))
        if not self.min_poll_seconds <= self.first_poll_seconds <= self.max_poll_seconds:
            raise SettingError("must lie between min_poll_seconds and max_poll_seconds", "first_poll_seconds")
        if not self.sandbox and self.job_deadline_hours * 3600 > MOST_POLLS * self.max_poll_seconds:
            raise SettingError(f"must be such that {MOST_POLLS:,} of them last job_deadline_hours", "max_poll_seconds")
        self._check_retention()
        for name in ("x_api_url", "gcs_url"):
            if not self.sandbox and not getattr(self, name).startswith("https:"):
                raise SettingError("must begin with https: outside the sandbox", name)
        self._check_datasets()

    def _check_retention(self) -> None:
        """What a run needs outlives it: a failed one can be started again for as long as its working copies stay."""
        if not self.proof_days:
            return
        if not self.working_copies_days or self.proof_days < self.working_copies_days + LONGEST_RETRY:
            raise SettingError(
                f"must be 0, which is for ever, or working_copies_days and at least {LONGEST_RETRY} days more: a run "
                "that goes on must not lose its own record",
                "proof_days",
            )

    def _check_datasets(self) -> None:
        """A dataset must not melt away in the inbox between two checks."""
        for dataset in self.datasets:
            if self.datasets_days and dataset.location is not None and not dataset.location.bucket:
                raise SettingError(
                    f"must be 0, which is for ever: the files of the dataset {dataset.name} are in the inbox, and "
                    "would be checked no more once they are deleted",
                    "datasets_days",
                )

    def _read(self, name: str, kind: Kind) -> object:
        value = getattr(self, name)
        try:
            return kind.read(value)
        except (KeyError, ValueError):
            raise SettingError(f"must be {kind.accepts}, not {value!r}", name) from None

    @classmethod
    def from_context(cls, node: Node) -> "Settings":
        """The settings of an app: from `-c name=value`, `cdk.json` or `~/.cdk.json`, and from a file of settings.

        The file is the one that the context's `config` names, else `config.yaml` if there is one, but in the sandbox.
        The context goes before it.

        Raises:
            SettingError: a value is not acceptable, a key is nearly the name of a setting, or there is no such file.
        """
        names = [each.name for each in fields(cls)]
        context: dict[str, Any] = node.get_all_context()
        for key in context.keys() - {*names, "config"}:
            if near := get_close_matches(key, [*names, "config"], n=1, cutoff=0.8):
                raise SettingError(f"is no setting; did you mean {near[0]}?", key)
        given = {name: context[name] for name in names if name in context}
        sandbox = cls(sandbox=given.get("sandbox", False)).sandbox
        defaults: dict[str, Any] = {"keep_data": False, "datasets_file": ""} if sandbox else {}
        file = str(context.get("config", "" if sandbox else CONFIG_FILE))
        try:
            from_file = read_settings(file, names, is_needed="config" in context)
        except ValueError as error:
            raise SettingError(str(error)) from None
        try:
            return cls(**defaults | from_file | given)
        except SettingError as error:
            if error.key in from_file and error.key not in given:
                raise SettingError(error.problem, error.key, f"{file}: ") from None
            raise

    @cached_property
    def datasets(self) -> tuple[Dataset, ...]:
        """What `datasets_file` lists; nothing, where that is the default and there is no such file."""
        path = Path(self.datasets_file)
        if not self.datasets_file or (self.datasets_file == DATASETS_FILE and not path.exists()):
            return ()
        try:
            return datasets_in(path)
        except DatasetError as error:
            raise SettingError(str(error)) from None

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.keep_data else RemovalPolicy.DESTROY

    @property
    def database_name(self) -> str:
        """What Glue calls the tables' database; Athena takes no hyphens and no capitals."""
        return self.prefix.lower().replace("-", "_")

    @property
    def work_group_name(self) -> str:
        """The workgroup in Athena."""
        return self.prefix

    @property
    def log_retention(self) -> RetentionDays:
        """`log_retention_days` as CloudWatch names it."""
        return LOG_RETENTION[self.log_retention_days]
