"""What may lapse, break or be taken away between two states, and what X and Google may do of their own accord."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.fakes.downloads import Serving
from tests.fakes.gcs import EXPIRED, Act
from tests.fakes.x import BEARER, Job
from tests.faults.deployment import Deployment, Generation
from tests.faults.truth import parts
from tests.unit.conftest import INBOX, RESULTS

ELSEWHERE = "https://storage.example.com"
WINDOW, WEEK = 900.0, 7 * 86_400.0

Happening = Callable[[Deployment], None]


@dataclass(frozen=True)
class Lapse:
    """Something that happens just before a job's state.

    ``ends`` is what happens when it is over, at the second try; ``passes`` the same of what outlasts the run.
    """

    state: str
    happens: Happening
    where: Generation = "resumable"
    ends: Happening = lambda deployment: None
    passes: Happening = lambda deployment: None


def time_passes(seconds: float) -> Happening:
    return lambda deployment: deployment.universe.clock.advance(seconds)


def job_is(status: Literal["failed", "expired"]) -> Happening:
    def happens(deployment: Deployment) -> None:
        deployment.universe.world.x.job().status = status

    return happens


def forget_job(deployment: Deployment) -> None:
    x = deployment.universe.world.x
    x.forget(x.job())


def forget_sessions(deployment: Deployment) -> None:
    deployment.universe.world.gcs.forget()


def forget_sessions_too_late(deployment: Deployment) -> None:
    deployment.universe.world.gcs.forget()
    deployment.universe.clock.advance(WINDOW)


def served(serving: Serving) -> Happening:
    def happens(deployment: Deployment) -> None:
        deployment.universe.world.downloads.script = [serving]

    return happens


def google_acts(act: Act) -> Happening:
    """The next question is answered well, the next chunk is treated so."""

    def happens(deployment: Deployment) -> None:
        deployment.universe.world.gcs.play([Act(), act])

    return happens


def google_corrupts(corrupts: bool) -> Happening:
    """Whether Google keeps other bytes than were sent."""

    def happens(deployment: Deployment) -> None:
        deployment.universe.world.gcs.corrupts = corrupts

    return happens


def never_end_job(deployment: Deployment) -> None:
    deployment.universe.world.x.job().status = "in_progress"


def end_job(deployment: Deployment) -> None:
    deployment.universe.world.x.job().status = "complete"


def x_leaves_out(*names: str) -> Happening:
    def happens(deployment: Deployment) -> None:
        deployment.universe.world.x.leaves_out = names

    return happens


def x_tells(**fields: tuple[str, str]) -> Happening:
    """What X says of a field of each job in its answers to an operation; nothing else than is so without any."""

    def happens(deployment: Deployment) -> None:
        deployment.universe.world.x.tells = dict(fields)

    return happens


def google_names(session: str | None) -> Happening:
    def happens(deployment: Deployment) -> None:
        deployment.universe.world.gcs.names_location = session

    return happens


def job_in_the_way(deployment: Deployment) -> None:
    """Somebody else's job under the same App."""
    if not others(deployment):
        deployment.universe.world.x.add("tweets", "somebody-elses").status = "in_progress"


def job_out_of_the_way(deployment: Deployment) -> None:
    for job in others(deployment):
        job.status = "failed"


def others(deployment: Deployment) -> list[Job]:
    return [job for job in deployment.universe.world.x.jobs.values() if job.name == "somebody-elses"]


def secret_is(text: str) -> Happening:
    def happens(deployment: Deployment) -> None:
        deployment.universe.aws.secrets["bearer"] = text

    return happens


def replace_source(deployment: Deployment) -> None:
    """Another version of the object; the run's own stays."""
    aws = deployment.universe.aws
    aws.put(INBOX, "tweets/ids.txt", b"1\n")
    aws.objects[INBOX, "tweets/ids.txt"].reverse()


def delete_source(deployment: Deployment) -> None:
    deployment.universe.aws.objects[INBOX, "tweets/ids.txt"].clear()


def change_part(deployment: Deployment) -> None:
    aws = deployment.universe.aws
    (part,) = parts(deployment.universe)
    aws.put(RESULTS, part["object_key"], b"1\n")


LAPSES: dict[str, Lapse] = {
    "the upload window closes before a session is opened": Lapse("Open Upload", time_passes(WINDOW)),
    "the upload window closes before the PUT to Google": Lapse("Upload Part", time_passes(WINDOW), "plain"),
    "the upload window closes before the PUT to X": Lapse("Upload Part", time_passes(WINDOW), "x-hosted"),
    "Google forgets the session, the window is open": Lapse("Upload Part", forget_sessions),
    "Google forgets the session, the window is closed": Lapse("Upload Part", forget_sessions_too_late),
    "the session is over a week old": Lapse("Upload Part", time_passes(WEEK)),
    "Google keeps nothing of a chunk and breaks the connection": Lapse(
        "Upload Part", google_acts(Act(units=0, ending="reset"))
    ),
    "Google answers a chunk with 308 and no Range": Lapse("Upload Part", google_acts(Act(units=0, ending="no_range"))),
    "Google has the whole object but says so only when asked again": Lapse(
        "Upload Part", google_acts(Act(ending="late"))
    ),
    "Google keeps other bytes than were sent": Lapse("Upload Part", google_corrupts(True), ends=google_corrupts(False)),
    "X expires the job": Lapse("Get Job", job_is("expired")),
    "X fails the job, or somebody cancels it": Lapse("Get Job", job_is("failed")),
    "X forgets the job": Lapse("Get Job", forget_job),
    "X never ends the job": Lapse("Get Job", never_end_job, passes=end_job),
    "X gives the job a status that nobody knows": Lapse(
        "Get Job", x_tells(get=("status", "paused")), ends=x_tells(), passes=x_tells()
    ),
    "somebody else's job is in the way": Lapse("Create Job", job_in_the_way, ends=job_out_of_the_way),
    "the download window closes": Lapse("Download Results", time_passes(WEEK)),
    "Google says that the download URL has expired": Lapse(
        "Download Results", served(Serving(status=400, body=EXPIRED))
    ),
    "the results break off": Lapse("Download Results", served(Serving(cut_after=5))),
    "the results are shorter than Google has stored them": Lapse("Download Results", served(Serving(ends_after=5))),
    "the results are not what their CRC32C says": Lapse("Download Results", served(Serving(corrupts=True))),
    "X names no upload_url": Lapse("Create Job", x_leaves_out("upload_url"), ends=x_leaves_out()),
    "X names no upload_expires_at": Lapse("Create Job", x_leaves_out("upload_expires_at"), ends=x_leaves_out()),
    "X names no id": Lapse("Create Job", x_leaves_out("id"), ends=x_leaves_out()),
    "X names no status": Lapse("Get Job", x_leaves_out("status"), ends=x_leaves_out()),
    "X names no download_url": Lapse("Get Job", x_leaves_out("download_url"), passes=x_leaves_out()),
    "X names no download_expires_at": Lapse("Get Job", x_leaves_out("download_expires_at"), passes=x_leaves_out()),
    "X names another host for the upload": Lapse(
        "Create Job", x_tells(create=("upload_url", f"{ELSEWHERE}/upload?SECRET")), ends=x_tells()
    ),
    "X names another host for the download": Lapse(
        "Get Job", x_tells(get=("download_url", f"{ELSEWHERE}/results?SECRET")), passes=x_tells()
    ),
    "Google names another host for the session": Lapse(
        "Open Upload", google_names(f"{ELSEWHERE}/object?upload_id=SECRET-0"), ends=google_names(None)
    ),
    "the secret holds no token": Lapse("Create Job", secret_is(" "), ends=secret_is(BEARER)),
    "the object is replaced after its run began": Lapse("Take Turn", replace_source),
    "the object is deleted after its run began": Lapse("Take Turn", delete_source),
    "the prepared part is changed": Lapse("Upload Part", change_part),
}


def befalls(deployment: Deployment, lapse: Lapse, *, each_time: bool, steps: int = 2000) -> None:
    """Lets a run go on; something happens to it when a job comes to a state: at the first try, or at each."""
    machines = deployment.universe.machines
    tries = 0
    while (execution := machines.next()) and steps:
        steps -= 1
        is_here = execution.machine == "XComplianceJob" and execution.state == lapse.state
        if is_here and not execution.is_waiting:
            tries += 1
            if tries == 1 or each_time:
                lapse.happens(deployment)
            elif tries == 2:
                lapse.ends(deployment)
        deployment.step(execution)
    assert steps, "the machines go round in circles"
