"""Check that Lake Formation leaves the deployment's database and tables to IAM."""

from typing import Any, Final

from xcompliance.doctor.finding import Finding, right, wrong
from xcompliance.doctor.subject import Subject

EVERYBODY: Final = "IAM_ALLOWED_PRINCIPALS"
"""Lake Formation's group of all whom IAM allows; without it, Athena is denied whatever IAM says [AWS]."""
_DEFAULTS: Final = {
    "databases": "CreateDatabaseDefaultPermissions",
    "tables": "CreateTableDefaultPermissions",
}


def planned(subject: Subject, deployer: str, database: str) -> Finding:
    """Check the defaults that a new ``database`` gets, which the role ``deployer`` is about to create."""
    settings = _settings(subject)
    closed = _closed(settings)
    if not closed:
        return right("leaves new databases and tables to IAM")
    admins = [each["DataLakePrincipalIdentifier"] for each in settings.get("DataLakeAdmins", [])]
    is_admin = "is" if deployer in admins else "is not"
    return wrong(
        f"Lake Formation does not leave new {' and '.join(closed)} to IAM, so Athena will be denied. {deployer}, which "
        f"creates the database, {is_admin} a data lake administrator.",
        _advice(database),
    )


def deployed(subject: Subject) -> Finding:
    """Check the defaults, or else the grants on the deployment's own database."""
    database = subject.stack["GlueDatabaseName"]
    closed = _closed(_settings(subject))
    if not closed:
        return right("leaves new databases and tables to IAM")
    resources = ({"Database": {"Name": database}}, {"Table": {"DatabaseName": database, "Name": "results"}})
    if all(_is_granted(subject, each) for each in resources):
        return right(f"leaves {database} to IAM")
    return wrong(f"Lake Formation does not leave {database} to IAM, so Athena is denied.", _advice(database))


def _settings(subject: Subject) -> dict[str, Any]:
    settings: dict[str, Any] = subject.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    return settings


def _closed(settings: dict[str, Any]) -> list[str]:
    return [
        what
        for what, key in _DEFAULTS.items()
        if not any(
            each["Principal"]["DataLakePrincipalIdentifier"] == EVERYBODY and "ALL" in each["Permissions"]
            for each in settings.get(key, [])
        )
    ]


def _is_granted(subject: Subject, resource: dict[str, Any]) -> bool:
    principal = {"DataLakePrincipalIdentifier": EVERYBODY}
    found = subject.client("lakeformation").list_permissions(Principal=principal, Resource=resource)
    return any("ALL" in each["Permissions"] for each in found["PrincipalResourcePermissions"])


def _advice(database: str) -> str:
    return (
        "As a data lake administrator, open Data Catalog settings in the Lake Formation console and select both boxes "
        f"for IAM access control before the first deployment; afterward, grant IAMAllowedPrincipals the permission "
        f"Super on the database {database} and on each of its tables."
    )
