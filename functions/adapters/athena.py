"""Athena: a query is started once, asked about, and answered by an object of the results bucket."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.aws import athena, s3
from adapters.settings import settings


@dataclass(frozen=True)
class Query:
    """How a query stands. ``key`` is where its answer is once it has succeeded: an object of the results bucket."""

    state: str
    key: str
    is_retryable: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state not in ("QUEUED", "RUNNING")


def start(sql: str, token: str) -> str:
    """Starts a query and returns its ID; the same ``token``, of 32 to 128 characters, again is the same query."""
    answer = athena().start_query_execution(
        QueryString=sql,
        ClientRequestToken=token,
        QueryExecutionContext={"Database": settings().glue_database},
        WorkGroup=settings().athena_work_group,
    )
    return answer["QueryExecutionId"]


def ask(query_id: str) -> Query:
    """How a query stands."""
    about = athena().get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    status = about["Status"]
    location = urlsplit(about["ResultConfiguration"]["OutputLocation"]).path.lstrip("/")
    return Query(
        state=status["State"],
        key=_first_below(location) if status["State"] == "SUCCEEDED" else location,
        is_retryable=status.get("AthenaError", {}).get("Retryable", False),
    )


def _first_below(location: str) -> str:
    """The answer's key: its location, which comes before what is written beside it, or, in the emulator, one below."""
    found = s3().list_objects_v2(Bucket=settings().results_bucket, Prefix=location, MaxKeys=1)
    return found["Contents"][0]["Key"]
