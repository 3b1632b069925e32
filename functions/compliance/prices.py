"""What AWS and X charge, and what a consumption costs by that. On demand, in us-east-1, without free tiers."""

from dataclasses import dataclass
from typing import NamedTuple

from compliance.consumption import Consumption

DATE = "2026-11"
"""When the prices were looked up."""


@dataclass(frozen=True)
class Price:
    """Dollars for ``per`` of something, and who says so."""

    usd: float
    per: int
    source: str


_STEP_FUNCTIONS = "https://aws.amazon.com/step-functions/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"

AWS = {
    "transitions": Price(0.025, 1_000, _STEP_FUNCTIONS),
    "express_requests": Price(1.00, 1_000_000, _STEP_FUNCTIONS),
    "express_gb_seconds": Price(16.67, 1_000_000, _STEP_FUNCTIONS),
    "lambda_requests": Price(0.20, 1_000_000, _LAMBDA),
    "lambda_gb_seconds": Price(13.3334, 1_000_000, _LAMBDA),
    "s3_puts": Price(0.005, 1_000, _S3),
    "s3_gets": Price(0.0004, 1_000, _S3),
    "dynamodb_read_units": Price(0.125, 1_000_000, _DYNAMODB),
    "dynamodb_write_units": Price(0.625, 1_000_000, _DYNAMODB),
    "secret_reads": Price(0.05, 10_000, "https://aws.amazon.com/secrets-manager/pricing/"),
    "kms_requests": Price(0.03, 10_000, "https://aws.amazon.com/kms/pricing/"),
    "athena_mb": Price(5.00, 1_000_000, "https://aws.amazon.com/athena/pricing/"),
}
"""By the names of what is consumed. Lambda on arm64; the first tier of each."""

_OBSERVED = "observed; the prices of an account stand in X's Developer Console"

X = {
    "x_creates": Price(0.010, 1, _OBSERVED),
    "x_gets": Price(0.005, 1, _OBSERVED),
}


class Cost(NamedTuple):
    """In dollars."""

    aws: float
    x: float


def estimate(consumption: Consumption) -> Cost:
    """What it costs at AWS and at X."""
    return Cost(_sum(AWS, consumption), _sum(X, consumption))


def _sum(prices: dict[str, Price], consumption: Consumption) -> float:
    return sum((getattr(consumption, name) / price.per * price.usd for name, price in prices.items()), 0.0)
