"""What a run has consumed: an item of its own in the runs table, which each invocation adds to."""

from decimal import Decimal
from typing import Any

from adapters import items
from adapters.settings import settings
from compliance.clock import time_text
from compliance.consumption import ENDING, Consumption
from compliance.prices import DATE, estimate
from compliance.retention import ttl

WRITING = Consumption(dynamodb_requests=1, dynamodb_write_units=1, kms_requests=1)
"""Writing it down. The key of the runs table is asked for by each invocation at most: DynamoDB keeps it for a while."""


def add(run_id: str, consumption: Consumption, now: float) -> None:
    """Adds to what a run has consumed, and the adding too; ``now`` is in epoch seconds."""
    amounts = _decimals((consumption + WRITING).said())
    lifetime = ttl(time_text(now), settings().proof_days)
    items.add(_key(run_id), amounts, lifetime)


def bill(run_id: str) -> dict[str, Any]:
    """What the run's record says of a run that ends now: all that it has consumed, and what that costs, in dollars."""
    item = items.table().get_item(Key=_key(run_id), ConsistentRead=True).get("Item", {})
    amounts = {name: float(amount) for name, amount in item.items() if isinstance(amount, Decimal)}
    consumed = Consumption.of(amounts) + ENDING
    cost = estimate(consumed)
    return {
        "consumed": _decimals(consumed.said()),
        "cost_aws_usd": decimal(cost.aws),
        "cost_x_usd": decimal(cost.x),
        "prices_of": DATE,
    }


def _key(run_id: str) -> dict[str, str]:
    return {"pk": f"CONSUMED#{run_id}", "sk": "RUN"}


def _decimals(amounts: dict[str, float]) -> dict[str, Decimal]:
    return {name: decimal(amount) for name, amount in amounts.items()}


def decimal(amount: float) -> Decimal:
    """DynamoDB's numbers are decimal; boto3 takes no float."""
    return Decimal(f"{amount:.6f}").normalize()
