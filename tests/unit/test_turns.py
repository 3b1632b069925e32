"""The turn of a type: first come first served, never two at once, and never lost."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from adapters import aws, turns
from compliance.attempts import Attempt
from compliance.errors import AwsUnavailable
from compliance.runs import JobType, PartRef
from tests.fakes.step_functions import FakeStepFunctions
from tests.unit.conftest import Functions


def made(execution: str, entered_at: str, attempt: int = 1, redrives: int = 0) -> Attempt:
    """An attempt at Take Turn, of an execution that has been redriven so often."""
    context: dict[str, Any] = {"started_at": "2026-11-23T12:00:00.000Z", "entered_at": entered_at}
    context |= {"retries": attempt - 1, "redrives": redrives}
    return Attempt.of({"execution_arn": execution, "attempt": context})


class Queue:
    """Executions that wait for the turn of a type, take it, and give it back, as Step Functions lets them."""

    numbers = count()

    def __init__(self, step_functions: FakeStepFunctions) -> None:
        self.step_functions = step_functions
        self.step_functions.called.clear()
        self.step_functions.waiting.clear()
        self.step_functions.ended.clear()
        self.step_functions.redrives.clear()
        self.type = cast(JobType, f"type-{next(self.numbers)}")
        self.entered: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.released: set[str] = set()

    def take(self, execution: str) -> None:
        """Enters Take Turn, or tries it again: with the time at which it entered and a token that is new."""
        self.entered.setdefault(execution, len(self.entered))
        attempt = sum(token.startswith(f"{execution}#") for token in (*self.tokens.values(), *self.called)) + 1
        if execution not in self.called:
            self.step_functions.waiting.discard(self.tokens.get(execution, ""))
            self.tokens[execution] = f"{execution}#{attempt}"
            self.step_functions.waiting.add(self.tokens[execution])
        entered_at = f"2026-11-23T12:00:{self.entered[execution]:02}Z"
        turns.take(
            PartRef("run", self.type, 1), made(execution, entered_at, attempt), entered_at, self.tokens[execution]
        )

    def release(self, execution: str) -> None:
        """Ends, in whatever way: nobody waits for its token any more."""
        self.vanish(execution)
        turns.release(self.type, Attempt.last(execution, 0))

    def vanish(self, execution: str) -> None:
        """Ends unheard; the execution is over by Step Functions' word alone."""
        self.released.add(execution)
        self.step_functions.waiting.discard(self.tokens.get(execution, ""))
        self.step_functions.ended[execution] = "ABORTED"

    def look_after(self) -> None:
        """What the schedule does."""
        for _, last in turns.ended(self.type):
            turns.release(self.type, last)

    @property
    def called(self) -> list[str]:
        return [token.partition("#")[0] for token in self.step_functions.called]

    @property
    def active(self) -> list[str]:
        return [execution for execution in dict.fromkeys(self.called) if execution not in self.released]

    @property
    def waiting(self) -> list[str]:
        """Those who wait, the first to come first."""
        live = self.entered.keys() - self.released - set(self.called)
        return sorted(live, key=self.entered.__getitem__)

    def check(self) -> None:
        assert len(self.active) <= 1, f"two have the turn: {self.active}"
        assert self.active or not self.waiting, f"nobody has the turn and these wait: {self.waiting}"


@pytest.fixture
def queue(environment: None, step_functions: FakeStepFunctions) -> Queue:
    return Queue(step_functions)


def test_a_free_turn_is_given_at_once(queue: Queue) -> None:
    queue.take("A")
    assert queue.called == ["A"]


def test_the_turn_goes_from_one_to_the_next_in_the_order_of_their_coming(queue: Queue) -> None:
    for execution in "ABCD":
        queue.take(execution)
    assert queue.called == ["A"]
    for execution in "ABC":
        queue.release(execution)
    assert queue.called == ["A", "B", "C", "D"]


def test_types_do_not_wait_for_each_other(queue: Queue, step_functions: FakeStepFunctions) -> None:
    queue.take("A")
    step_functions.waiting.add("u")
    turns.take(PartRef("run", "users", 1), Attempt("U"), "2026-11-23T12:00:00Z", "u")
    assert step_functions.called == ["A#1", "u"]


def test_who_takes_twice_waits_once_and_is_called_by_the_newer_token(queue: Queue) -> None:
    queue.take("A")
    queue.take("B")
    queue.take("B")
    queue.release("A")
    assert queue.step_functions.called == ["A#1", "B#2"]
    queue.release("B")
    queue.take("C")
    assert queue.called == ["A", "B", "C"]


def test_a_holder_whose_call_was_lost_is_called_by_its_second_try(queue: Queue) -> None:
    queue.step_functions.fails_next = "ThrottlingException"
    with pytest.raises(ClientError):
        queue.take("A")
    queue.take("A")
    assert queue.called == ["A"]
    queue.check()


def test_a_holder_whose_call_was_lost_is_called_by_whoever_comes_next(queue: Queue) -> None:
    queue.take("A")
    queue.take("B")
    queue.step_functions.fails_next = "ThrottlingException"
    with pytest.raises(ClientError):
        queue.release("A")
    queue.take("C")
    assert queue.called == ["A", "B"]


def test_who_releases_twice_takes_nothing_from_the_next(queue: Queue) -> None:
    for execution in "ABC":
        queue.take(execution)
    queue.release("A")
    queue.release("A")
    assert queue.called == ["A", "B"]


def test_who_is_stopped_while_waiting_is_passed_over(queue: Queue) -> None:
    for execution in "ABC":
        queue.take(execution)
    queue.release("B")
    queue.release("A")
    assert queue.called == ["A", "C"]


def test_a_holder_that_ended_before_it_was_called_does_not_stop_the_queue(queue: Queue) -> None:
    for execution in "ABC":
        queue.take(execution)
    queue.step_functions.waiting.discard("B#1")
    queue.release("A")
    queue.release("B")
    assert queue.called == ["A", "C"]


def test_a_holder_that_ended_unheard_is_found_by_whoever_comes_next(queue: Queue) -> None:
    queue.take("A")
    queue.vanish("A")
    queue.take("B")
    assert queue.called == ["A", "B"]


def test_whoever_ended_unheard_in_the_queue_is_passed_over(queue: Queue) -> None:
    for execution in "ABCD":
        queue.take(execution)
    queue.vanish("B")
    queue.vanish("C")
    queue.release("A")
    assert queue.called == ["A", "D"]
    assert turns.holds(queue.type, "D")
    assert turns.queue(queue.type)[1] == 0


def test_whoever_takes_after_a_redrive_is_known_to_run_whatever_word_there_is_of_the_end_before(queue: Queue) -> None:
    queue.take("A")
    queue.vanish("A")
    queue.step_functions.ended["B"] = "ABORTED"
    queue.step_functions.waiting.add("B#1")
    entered_at = "2026-11-23T12:00:01Z"
    turns.take(PartRef("run", queue.type, 1), made("B", entered_at, redrives=1), entered_at, "B#1")
    turns.sweep(queue.type)
    assert queue.called == ["A", "B"]
    assert turns.holds(queue.type, "B")


def test_the_queue_says_since_when_the_turn_is_held_and_how_many_wait(queue: Queue) -> None:
    assert turns.queue(queue.type) == (None, 0)
    for execution in "ABC":
        queue.take(execution)
    since, waiting = turns.queue(queue.type)
    assert since is not None
    assert waiting == 2


def test_a_holder_that_ended_unheard_is_found_by_the_schedule(queue: Queue) -> None:
    for execution in "AB":
        queue.take(execution)
    queue.vanish("A")
    queue.look_after()
    assert queue.called == ["A", "B"]


def test_a_ticket_that_comes_after_the_end_of_its_execution_is_in_nobodys_way(queue: Queue) -> None:
    """The function that queues an execution was still running when the execution was stopped."""
    queue.release("A")
    turns.take(PartRef("run", queue.type, 1), Attempt("A"), "2026-11-23T11:00:00Z", "A#1")
    queue.take("B")
    assert queue.called == ["B"]
    assert turns.holds(queue.type, "B")


def test_an_execution_that_step_functions_does_not_know_yet_keeps_its_place(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(**_: str) -> dict[str, str]:
        raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")

    monkeypatch.setattr(queue.step_functions, "describe_execution", unknown)
    queue.take("A")
    queue.take("B")
    assert queue.called == ["A"]


def test_thousands_may_wait(queue: Queue) -> None:
    with aws.dynamodb().Table("runs").batch_writer() as batch:
        for number in range(2_500):
            key = {"pk": f"TURN#{queue.type}", "sk": f"TICKET#{number:05}"}
            claim = {"execution_arn": f"{number:05}", "task_token": "t", "run_id": "r", "part": 1}
            batch.put_item(Item=key | claim | {"entered_at": "2026-11-23T12:00:00Z", "step": "00000"})
    assert turns.queue(queue.type) == (None, 2_500)
    turns.release(queue.type, Attempt.last("02400", 0))
    since, waiting = turns.queue(queue.type)
    assert (since is None, waiting) == (False, 2_498)


def test_who_never_came_has_nothing_to_release(queue: Queue) -> None:
    queue.release("Z")
    queue.take("A")
    queue.release("Z")
    assert queue.called == ["A"]


def test_an_execution_that_is_redriven_takes_its_turn_again(queue: Queue) -> None:
    queue.take("A")
    queue.release("A")
    queue.step_functions.ended.clear()
    queue.step_functions.redrives["A"] = 1
    queue.step_functions.waiting.add("A#9")
    again = made("A", "2026-11-23T13:00:00Z", redrives=1)
    turns.take(PartRef("run", queue.type, 1), again, "2026-11-23T13:00:00Z", "A#9")
    assert queue.step_functions.called == ["A#1", "A#9"]


def test_a_refusal_by_step_functions_is_not_swallowed(queue: Queue) -> None:
    queue.step_functions.fails_next = "AccessDeniedException"
    with pytest.raises(ClientError, match="AccessDenied"):
        queue.take("A")


@pytest.fixture
def during(queue: Queue) -> Iterator[Callable[[int, Callable[[], None]], None]]:
    """``during(n, act)`` lets ``act`` happen just before the n-th call to DynamoDB from now on."""
    events = aws.dynamodb().meta.client.meta.events
    pending: list[Any] = [0, None]

    def intrude(**_: Any) -> None:
        pending[0] -= 1
        act = pending[1]
        if pending[0] == 0 and act is not None:
            pending[1] = None
            act()

    def plan(position: int, act: Callable[[], None]) -> None:
        pending[:] = [position, act]

    events.register("before-call.dynamodb", intrude)
    yield plan
    events.unregister("before-call.dynamodb", intrude)


PAIRS = [
    "take D, take E",
    "take D, release A",
    "take B, release A",
    "release A, take D",
    "release A, take B",
    "release A, release A",
    "release A, release B",
    "release B, release A",
]


@pytest.mark.parametrize("pair", PAIRS)
def test_two_at_the_same_time_neither_share_the_turn_nor_lose_it(
    step_functions: FakeStepFunctions, queue: Queue, during: Callable[[int, Callable[[], None]], None], pair: str
) -> None:
    """A holds, the others wait; the second act happens as a whole within the first, at each place where it can."""
    first, second = pair.split(", ")
    waiting = "ABC" if "release B" in pair else "AB"
    has_happened = True
    position = 0
    while has_happened:
        position += 1
        has_happened = False
        queue = Queue(step_functions)
        for execution in waiting:
            queue.take(execution)

        def act(text: str, queue: Queue = queue) -> None:
            verb, execution = text.split()
            (queue.take if verb == "take" else queue.release)(execution)

        def intrude() -> None:
            nonlocal has_happened
            has_happened = True
            act(second)

        during(position, intrude)
        act(first)
        if has_happened:
            queue.check()
    assert position > 3


def test_a_late_second_try_does_not_take_the_turn_back_from_the_next_holder(
    queue: Queue, during: Callable[[int, Callable[[], None]], None]
) -> None:
    """The execution was stopped, and its turn released, while its Take Turn was tried again."""
    queue.take("A")
    queue.take("B")
    during(2, lambda: queue.release("A"))
    turns.take(PartRef("run", queue.type, 1), made("A", "2026-11-23T12:00:00Z"), "2026-11-23T12:00:00Z", "A#1")
    assert queue.called == ["A", "B"]
    queue.take("C")
    queue.release("B")
    assert queue.called == ["A", "B", "C"]


class Baton:
    """Lets two acts run in two threads, and only one of them at a time call DynamoDB.

    The first makes so many calls, then the other so many, then the first the rest of its own.
    """

    def __init__(self, first: int, other: int) -> None:
        self.order = [0] * first + [1] * other
        self.running: dict[int, int] = {}
        self.changed = threading.Condition()

    def run(self, *acts: Callable[[], None]) -> None:
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(self._run, number, act) for number, act in enumerate(acts)]
        for act in done:
            act.result()

    def before(self, **_: Any) -> None:
        """Waits for its turn to call; the last one left waits for nobody."""
        number = self.running.get(threading.get_ident())
        if number is not None:
            with self.changed:
                assert self.changed.wait_for(lambda: self._next() in (number, None), 10)

    def after(self, **_: Any) -> None:
        number = self.running.get(threading.get_ident())
        if number is not None:
            with self.changed:
                if self.order[:1] == [number]:
                    self.order.pop(0)
                self.changed.notify_all()

    def _next(self) -> int | None:
        return self.order[0] if self.order else min(self.running.values(), default=None)

    def _run(self, number: int, act: Callable[[], None]) -> None:
        with self.changed:
            self.running[threading.get_ident()] = number
            assert self.changed.wait_for(lambda: len(self.running) == 2 or not self.order, 10)
            self.changed.notify_all()
        try:
            act()
        finally:
            with self.changed:
                del self.running[threading.get_ident()]
                self.order = [name for name in self.order if name != number]
                self.changed.notify_all()


@pytest.mark.parametrize("first", [4, 5, 6])
@pytest.mark.parametrize("other", [1, 2, 3, 4])
def test_a_ticket_that_is_renewed_while_it_is_called_is_called_by_its_newer_token(
    queue: Queue, first: int, other: int
) -> None:
    for execution in "ABC":
        queue.take(execution)
    baton = Baton(first, other)
    events = aws.dynamodb().meta.client.meta.events
    events.register("before-call.dynamodb", baton.before)
    events.register("after-call.dynamodb", baton.after)
    try:
        baton.run(lambda: queue.release("A"), lambda: queue.take("B"))
    finally:
        events.unregister("before-call.dynamodb", baton.before)
        events.unregister("after-call.dynamodb", baton.after)
    queue.check()


def test_the_handlers_queue_and_release(functions: Functions) -> None:
    event = functions.prepared(b"1\n") | {"entered_at": "2026-11-23T12:00:00Z"}
    functions.invoke("release_turn", event)
    functions.step_functions.waiting |= {"SECRET-a", "SECRET-b"}
    functions.invoke("take_turn", event | {"execution_arn": "A", "task_token": "SECRET-a"})
    functions.invoke("take_turn", event | {"execution_arn": "B", "task_token": "SECRET-b"})
    assert functions.step_functions.called == ["SECRET-a"]
    assert functions.part(event)["execution_arn"] == "B"
    assert functions.invoke("release_turn", {"type": "tweets", "execution_arn": "A"}) == {}
    assert functions.step_functions.called == ["SECRET-a", "SECRET-b"]


def test_a_part_that_has_failed_has_not_once_it_queues_again(functions: Functions) -> None:
    ref = functions.prepared(b"1\n")
    functions.update(ref, status="failed", error="JobFailed", error_message="It failed.")
    times = dict.fromkeys(("started_at", "entered_at"), "2026-11-23T12:00:00.000Z")
    functions.invoke("take_turn", ref | times | {"attempt": times, "task_token": "a"})
    part = functions.part(ref)
    assert part["status"] == "prepared"
    assert not {"error", "error_message"} & set(part)


def test_a_throttled_table_is_told_as_such(functions: Functions) -> None:
    ref = functions.prepared(b"1\n")
    functions.step_functions.fails_next = "ThrottlingException"
    with pytest.raises(AwsUnavailable):
        functions.invoke("take_turn", ref | {"entered_at": "2026-11-23T12:00:00Z", "task_token": "a"})
