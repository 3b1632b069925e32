"""X's refusals: ``application/problem+json``, with a type of X's description where that has one."""

import json
from typing import Any

from xcompliance.sandbox.simulator.wire import Response

_TYPES = "https://api.x.com/2/problems/"


class RefusedError(Exception):
    """A request that X answers with a problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    """An answer that is a problem. ``kind`` is the last part of X's own types, or ``about:blank``."""
    document = {"type": _full(kind), "title": title, "detail": detail, "status": status, **more}
    return Response(status, [("Content-Type", "application/problem+json")], json.dumps(document).encode())


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


def credits_depleted() -> Response:
    """402, as accounts without credits see it."""
    detail = "Your enrolled account does not have any credits to fulfill this request."
    return problem(402, "credits-depleted", "CreditsDepleted", detail)


def usage_capped() -> Response:
    """429 of the kind that no wait of minutes lifts."""
    detail = "Usage cap exceeded: Monthly product cap"
    return problem(429, "usage-capped", "UsageCapExceeded", detail, period="Monthly", scope="Product")


def too_many_requests() -> Response:
    """429 of the rate limit."""
    return problem(429, "about:blank", "Too Many Requests", "Too Many Requests")


def failure(status: int) -> Response:
    """Any other status."""
    if status >= 500:
        return problem(status, "internal-error", "Internal Error", "Something went wrong on our side.")
    return problem(status, "about:blank", "Request Failed", f"The request failed with {status}.")


def _full(kind: str) -> str:
    return kind if ":" in kind else _TYPES + kind
