"""What X and Google may answer instead of what is due, and where."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from compliance.wire import Download, Response, WireError
from tests.fakes.x import problem
from tests.faults.deployment import Act, Deployment, Effect, Fault, Generation

Answer = Callable[[Deployment, Act], object]
"""Answers a request, with or without letting it be done."""

JOBS = "/2/compliance/jobs"


@dataclass(frozen=True)
class Place:
    """One kind of request: which state sends it, where, and in which generation. ``ends`` is how its path ends.

    ``after`` is what must have happened for a run to come here: the place and the answer there.
    """

    state: str
    where: Generation
    service: str
    request: str
    after: tuple[str, str] | None = None
    ends: str = ""

    @property
    def function(self) -> str:
        return self.state.lower().replace(" ", "_")

    def meets(self, effect: Effect) -> bool:
        is_here = (effect.function, effect.service) == (self.function, self.service)
        is_exact = self.request.endswith("jobs")
        is_it = effect.operation == self.request if is_exact else effect.operation.startswith(self.request)
        return is_here and is_it and effect.operation.endswith(self.ends)


PLACES = {
    "Create Job: creates": Place("Create Job", "x-hosted", "x", f"POST {JOBS}"),
    "Create Job: looks for a job whose creation was not answered": Place(
        "Create Job", "x-hosted", "x", f"GET {JOBS}", after=("Create Job: creates", "answer lost")
    ),
    "Create Job: reads the job that it found": Place(
        "Create Job", "x-hosted", "x", f"GET {JOBS}/", after=("Create Job: creates", "answer lost")
    ),
    "Open Upload: opens a session": Place("Open Upload", "resumable", "google", "POST /"),
    "Upload Part: asks the session": Place("Upload Part", "resumable", "google", "ASK /"),
    "Upload Part: sends a chunk": Place("Upload Part", "resumable", "google", "PUT /"),
    "Upload Part: one PUT to Google": Place("Upload Part", "plain", "google", "PUT /"),
    "Upload Part: one PUT to X": Place("Upload Part", "x-hosted", "x", "PUT /"),
    "Get Job": Place("Get Job", "x-hosted", "x", f"GET {JOBS}/"),
    "Download Results: from Google": Place("Download Results", "resumable", "google", "GET /"),
    "Download Results: from X": Place("Download Results", "x-hosted", "x", "GET /", ends="/download"),
    "Abandon Job": Place("Abandon Job", "x-hosted", "x", "", after=("Get Job", "403")),
}


def says(status: int, body: bytes | dict[str, object] = b"") -> Answer:
    """An answer instead of the due one; nothing is done."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return lambda deployment, act: Response(status, {}, content)


def refuses(status: int, kind: str, detail: str) -> Answer:
    """One of X's own problems."""
    return lambda deployment, act: problem(status, kind, detail)


def later(deployment: Deployment, act: Act) -> object:
    """X's rate limit, with the time at which it is lifted."""
    reset = str(int(deployment.universe.clock.now()) + 900)
    return problem(429, "rate-limit-exceeded", "Too many requests.", x_rate_limit_reset=reset)


def unheard(deployment: Deployment, act: Act) -> object:
    raise WireError("ConnectTimeoutError")


def unanswered(deployment: Deployment, act: Act) -> object:
    act()
    raise WireError("IncompleteRead")


def stalls(deployment: Deployment, act: Act) -> object:
    """No byte comes until the function gives up, just before its invocation ends."""
    clock = deployment.universe.clock
    act()
    clock.advance(min(120.0, max(0.1, clock.left - 3)))
    raise WireError("ReadTimeoutError")


ANSWERS: dict[str, Answer] = {
    "not heard": unheard,
    "answer lost": unanswered,
    "stall": stalls,
    "408": says(408),
    "429 until told": later,
    "429": refuses(429, "rate-limit-exceeded", "Too many requests."),
    "429 usage cap": refuses(429, "usage-capped", "Usage cap exceeded: Monthly product cap"),
    "500": says(500),
    "503": refuses(503, "service-unavailable", "Over capacity."),
    "400": refuses(400, "invalid-request", "One or more parameters to your request was invalid."),
    "401": refuses(401, "unauthorized", "Unauthorized"),
    "402": refuses(402, "credits-depleted", "Your account does not have any credits."),
    "403": refuses(403, "client-forbidden", "Your client app is not enrolled."),
    "403 spending limit": refuses(403, "credits", "The account has reached its billing cycle spend cap."),
    "404 without a word": says(404),
    "404": refuses(404, "resource-not-found", "Could not find job."),
    "409": refuses(409, "conflict", "There is an active job."),
    "413": refuses(413, "too-large", "The upload is too large."),
    "200 without data": says(200, {"meta": {"result_count": 0}}),
    "200 with errors": says(200, {"errors": [{"title": "Not Found Error", "detail": "Could not find job."}]}),
    "200 with a page": says(200, b"<html>Something went wrong, but don't fret.</html>"),
}


def strikes(deployment: Deployment, place: Place, answer: Answer, times: float) -> Fault:
    """Lets a run come to a place; the next requests there are answered in some way, so many of them."""
    lead_in = 1 if place.after else 0

    def fault(effect: Effect, act: Act) -> object:
        nonlocal lead_in, times
        if place.after and lead_in and PLACES[place.after[0]].meets(effect):
            lead_in -= 1
            return ANSWERS[place.after[1]](deployment, act)
        if not lead_in and times and place.meets(effect):
            times -= 1
            return as_asked(effect, answer(deployment, act))
        return act()

    return fault


def as_asked(effect: Effect, answer: object) -> object:
    """Results are streamed, so what answers for them is a stream too."""
    if effect.function != "download_results" or not isinstance(answer, Response):
        return answer
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    return nullcontext(Download(answer.status, headers, iter([answer.body])))
