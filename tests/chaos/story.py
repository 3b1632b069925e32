"""One story: files dropped, executions stopped, started again and redriven, in whatever order the numbers say."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.chaos.storm import Storm
from tests.chaos.verdicts import verdicts
from tests.faults.deployment import Deployment, generation, no_fault
from tests.faults.interpreter import Execution, StepError
from tests.faults.truth import File, dataset, one_part, runs, two_parts

SWEEP_SECONDS = 900
STEPS = 10_000
"""More than any story takes: a story that goes on for longer goes round in circles."""

Source = dict[str, object]


@dataclass
class Story:
    """A deployment, what was dropped into it, and who is to be told of what."""

    deployment: Deployment
    random: Random
    storm: Storm
    files: dict[str, File] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    untold: list[tuple[float, str]] = field(default_factory=list)
    heard: set[tuple[str, int]] = field(default_factory=set)
    starts: int = 0
    sweep_due_at: float = 0.0
    done: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> float:
        return self.deployment.universe.clock.now()

    def tell(self, files: int, length: int) -> None:
        """Lets it storm for ``length`` steps and then clear up, until every run is complete."""
        self.deployment.universe.world.x.on_create = self._choose_generation
        self.deployment.universe.world.findings = verdicts
        self.deployment.fault = self.storm.fault
        dropped_at = sorted(self.random.randrange(length // 2) for _ in range(files))
        for step in range(length):
            while dropped_at and dropped_at[0] <= step:
                dropped_at.pop(0)
                self._drop()
            self._meddle()
            self._go_on()
        self.deployment.fault = no_fault
        self.storm.weather.clear()
        self.storm.twins.rate = 0.0
        self._clear_up()

    def _choose_generation(self) -> None:
        """X has one slot per type for each App, and may let the bytes of each job go elsewhere."""
        generation(self.deployment.universe, self.random.choice(["resumable", "plain", "x-hosted"]))
        self.deployment.universe.world.x.job_seconds = self.random.choice([0, 40, 2000])

    def _drop(self) -> None:
        number = len(self.files)
        job_type = self.random.choice(["tweets", "users"])
        # A digit that is corrupted, by one bit, makes no ID of another file or part.
        first = 1_700_000_000_000_000_000 + number * 3_000_000
        key = f"{job_type}/{number}.txt"
        match self.random.choice(["one", "one", "two", "folder"]):
            case "one":
                file = one_part(first, key)
            case "two":
                file = two_parts(first, first + 3000)
            case _:
                file, contents = dataset(first, f"datasets/{job_type}/{number}/")
                key = file.key
                for name, content in contents.items():
                    self.deployment.drop(content, name)
        self.files[key] = file
        self.sources[key] = self.deployment.drop(file.content, key)
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self._start(self.sources[key])

    def _start(self, source: Source) -> None:
        self.starts += 1
        self.deployment.start(source, f"run-{self.starts}")

    # What is done from outside.

    def _meddle(self) -> None:
        """Now and then somebody stops, redelivers, or looks after what has failed."""
        machines = self.deployment.universe.machines
        live = [each for each in machines.executions.values() if not each.is_over]
        if live and self.random.random() < self.storm.rate / 4:
            victim = self.random.choice(live)
            machines.abort(victim.arn, self.random.choice(["ABORTED", "TIMED_OUT"]))
            self.done[f"{victim.machine[11:].lower()}s stopped"] += 1
        if self.sources and self.random.random() < self.storm.rate / 4:
            self._start(self.random.choice(list(self.sources.values())))
            self.done["events of S3 delivered again"] += 1
        if self.random.random() < self.storm.rate:
            self._take_care()

    def _take_care(self) -> None:
        """The operator starts a failed run again, or redrives an execution."""
        failed = [run for run in runs(self.deployment.universe) if run["status"] == "failed"]
        if not failed:
            return
        run = self.random.choice(failed)
        execution = self.deployment.universe.machines.executions[run["execution_arn"]]
        if execution.is_over and execution.status != "SUCCEEDED" and self.random.random() < 0.5:
            self.deployment.universe.machines.redrive(execution.arn)
            self.done["runs redriven"] += 1
        else:
            self._start(self.sources[run["key"]] | {"retry": True})
            self.done["runs started again"] += 1

    # What goes on by itself.

    def _go_on(self) -> None:
        """Deliver the events that are due, then let one execution take a step, or time pass until something is due."""
        self.storm.twins.let_go_on()
        self._note_endings()
        for due, arn in [each for each in self.untold if each[0] <= self.now]:
            self.untold.remove((due, arn))
            self._call(lambda arn=arn: self.deployment.settle(arn), arn)
        if self.now >= self.sweep_due_at:
            self.sweep_due_at = self.now + SWEEP_SECONDS
            self._call(self.deployment.sweep, None)
        machines = self.deployment.universe.machines
        execution = machines.next()
        event_due_at = min([self.sweep_due_at, self.storm.twins.next_at, *(due for due, _ in self.untold)])
        if execution is not None and machines.time(execution) <= event_due_at:
            self.deployment.step(execution)
        elif execution is not None or self.untold or self.storm.twins.standing:
            self.deployment.universe.clock.advance(max(0.0, event_due_at - self.now))

    def _call(self, call: object, arn: str | None) -> None:
        """An event whose function fails is delivered again."""
        try:
            call()  # type: ignore[operator]
        except StepError:
            if arn is not None:
                self.untold.append((self.now + 60, arn))

    def _note_endings(self) -> None:
        """The rule hears of an execution's end once, twice, or late; of a job's end now and then not at all."""
        for execution in self.deployment.universe.machines.executions.values():
            ending = (execution.arn, execution.redrives)
            if execution.is_over and execution.status != "SUCCEEDED" and ending not in self.heard:
                self.heard.add(ending)
                if execution.machine == "XComplianceJob" and self.random.random() < 0.1:
                    self.done["ends of jobs that nobody heard of"] += 1
                    continue
                for _ in range(self.random.choice([1, 1, 2])):
                    self.untold.append((self.now + self.random.choice([0, 0, 1, 600, 3600]), execution.arn))

    def _clear_up(self) -> None:
        """Better weather: everything goes on until nothing does, and what has failed is started again."""
        for _ in range(STEPS):
            self._go_on()
            if self.deployment.universe.machines.next() is None and not self.untold and not self.storm.twins.standing:
                self._note_endings()
                if self.untold:
                    continue
                self.deployment.sweep()
                if all(run["status"] == "complete" for run in runs(self.deployment.universe)):
                    return
                self._take_care()
        raise AssertionError(f"the story does not end: {[_about(each) for each in self._live()]}")

    def _live(self) -> list[Execution]:
        return [each for each in self.deployment.universe.machines.executions.values() if not each.is_over]


def _about(execution: Execution) -> str:
    return f"{execution.arn.rpartition(':')[2]} at {execution.state}, after {execution.path[-8:]}"
