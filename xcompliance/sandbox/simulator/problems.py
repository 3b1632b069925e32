"""X's refusals: ``application/problem+json``, with a type of X's description where that has one."""

import json
from typing import Any

from xcompliance.sandbox.simulator.wire import Response

_ACCOUNT_ID = 1460323737035677698
_TYPES = "https://api.x.com/2/problems/"


class RefusedError(Exception):
    """A request that X answers with a problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    """An answer that is a problem. ``kind`` is the last part of X's own types, or ``about:blank``."""
    return _answer(status, {"type": _full(kind), "title": title, "detail": detail, "status": status, **more})


def invalid_request(detail: str, status: int = 400) -> Response:
    """400, and whatever else X calls an invalid request."""
    return problem(status, "invalid-request", "Invalid Request", detail)


def unauthorized() -> Response:
    """401: the bearer token is missing or wrong."""
    return problem(401, "about:blank", "Unauthorized", "Unauthorized")


def forbidden(detail: str) -> Response:
    """403: a byte-path token that is wrong, expired or meant for something else."""
    return problem(403, "not-authorized-for-resource", "Authorization Error", detail, resource_type="compliance_job")


def not_found(detail: str) -> Response:
    """404: there is nothing at this address."""
    return problem(404, "resource-not-found", "Not Found Error", detail, resource_type="compliance_job")


def unknown_job(job_id: str) -> dict[str, Any]:
    """The item of ``errors`` that a 200 carries when X does not know the job."""
    return {
        "type": _full("resource-not-found"),
        "title": "Not Found Error",
        "detail": f"Could not find compliance job with id: [{job_id}].",
        "parameter": "id",
        "resource_id": job_id,
        "resource_type": "compliance_job",
        "value": job_id,
    }


def credits_depleted(form: str) -> Response:
    """402, as accounts without credits see it, in the form that the end of its type names."""
    if form == "credits":
        return _account_problem(402, "CreditsDepleted", "does not have any credits to fulfill this request.")
    return problem(402, "credits-depleted", "Payment Required", "credits depleted")


def spend_cap_reached(reset_date: str) -> Response:
    """403, as accounts see it that have spent what they allowed themselves. ``reset_date`` is ``2027-01-01``."""
    reached = "has reached its billing cycle spend cap. API requests will be blocked until the next cycle begins on"
    return _account_problem(403, "SpendCapReached", f"{reached} {reset_date}.", reset_date=reset_date)


def _account_problem(status: int, title: str, detail: str, **more: str) -> Response:
    """A problem of the account, which names it and no status, and whose type still has the older host."""
    document = {
        "account_id": _ACCOUNT_ID,
        "title": title,
        "detail": f"Your enrolled account [{_ACCOUNT_ID}] {detail}",
        "type": "https://api.twitter.com/2/problems/credits",
        **more,
    }
    return _answer(status, document)


def usage_capped() -> Response:
    """429 of the kind that no wait of minutes lifts."""
    detail = "Usage cap exceeded: Monthly product cap"
    return problem(429, "usage-capped", "UsageCapExceeded", detail, period="Monthly", scope="Product")


def too_many_requests() -> Response:
    """429 of the rate limit."""
    return problem(429, "about:blank", "Too Many Requests", "Too Many Requests")


def failure(status: int) -> Response:
    """Any status, as X mostly means it."""
    if status == 401:
        return unauthorized()
    if status == 403:
        return forbidden("The token is not one of the App that created the job, or has expired.")
    if status == 404:
        return not_found("Could not find the compliance job.")
    if status == 429:
        return too_many_requests()
    if status >= 500:
        return problem(status, "internal-error", "Internal Error", "Something went wrong on our side.")
    return problem(status, "about:blank", "Request Failed", f"The request failed with {status}.")


def _answer(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/problem+json")], json.dumps(document).encode())


def _full(kind: str) -> str:
    return kind if ":" in kind else _TYPES + kind
