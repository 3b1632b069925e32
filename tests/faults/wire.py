"""What X and Google may answer instead of what is due, and where."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.x import problem
from tests.faults.deployment import Act, Deployment, Effect, Fault, Generation
from tests.faults.sockets import impatient

Answer = Callable[[Deployment, Act], object]
"""Has a request answered in another way than is due."""

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


def says(status: int, body: str | dict[str, object] = "", **headers: str) -> Answer:
    """An answer instead of the due one; nothing is done."""
    content = json.dumps(body) if isinstance(body, dict) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return befalls("answer", status=status, headers=named, body=content)


def refuses(status: int, kind: str, detail: str, **headers: str) -> Answer:
    """One of X's own problems."""
    answer = problem(status, kind, detail, **headers)
    return befalls("answer", status=status, headers=dict(answer.headers), body=answer.body.decode())


def befalls(fault: str, **parameters: object) -> Answer:
    """What the server does with the next request."""

    def answer(deployment: Deployment, act: Act) -> object:
        deployment.universe.world.core.faults.arm(fault, **parameters)  # type: ignore[arg-type]
        return act()

    return answer


def later(deployment: Deployment, act: Act) -> object:
    """X's rate limit, with the time at which it is lifted."""
    reset = str(int(deployment.universe.clock.now()) + 900)
    return refuses(429, "rate-limit-exceeded", "Too many requests.", x_rate_limit_reset=reset)(deployment, act)


def stalls(deployment: Deployment, act: Act) -> object:
    """The server does its work, and no byte comes until the function gives up."""
    with impatient():
        return befalls("stalled")(deployment, act)


ANSWERS: dict[str, Answer] = {
    "not heard": befalls("unheard"),
    "answer lost": befalls("no_answer"),
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
    "200 with a page": says(200, "<html>Something went wrong, but don't fret.</html>"),
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
            return answer(deployment, act)
        return act()

    return fault
