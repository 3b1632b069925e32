"""Service Quotas as an account has it, and Lake Formation's settings as moto keeps them."""

from collections.abc import Iterator
from typing import Any

import boto3

DML, TIMEOUT = "L-FC5F6546", "L-E80DC288"
EVERYBODY = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}


class ServiceQuotas:
    """The quotas of an account, by service, code and name; it answers in pages of one."""

    def __init__(self) -> None:
        self.values: dict[str, dict[tuple[str, str], float]] = {
            "states": {
                ("L-1", "StartExecution throttle token refill rate per second"): 1.0,
                ("L-2", "StateTransition throttle token refill rate per second"): 800.0,
            },
            "athena": {(DML, "Active DML queries"): 20.0, (TIMEOUT, "DML query timeout"): 30.0},
        }

    def set(self, service: str, code: str, value: float | None) -> None:
        """Sets a quota, or has Service Quotas not list it."""
        (key,) = (each for each in self.values[service] if each[0] == code)
        if value is None:
            del self.values[service][key]
        else:
            self.values[service][key] = value

    def get_paginator(self, name: str) -> "ServiceQuotas":
        assert name == "list_service_quotas"
        return self

    def paginate(self, ServiceCode: str) -> Iterator[dict[str, Any]]:  # noqa: N803 -- as boto3 names it
        for (code, name), value in self.values[ServiceCode].items():
            yield {"Quotas": [{"QuotaCode": code, "QuotaName": name, "Value": value}]}


def close_lake(*admins: str) -> None:
    """Has Lake Formation decide by its own grants alone, as an account does that was set up for it."""
    settings = {
        "DataLakeAdmins": [{"DataLakePrincipalIdentifier": each} for each in admins],
        "CreateDatabaseDefaultPermissions": [],
        "CreateTableDefaultPermissions": [],
    }
    boto3.client("lakeformation").put_data_lake_settings(DataLakeSettings=settings)
