"""The head of a report: what it is about, how it ended, and what to do if it did not end well."""

import htpy as h
from htpy import Element, Node

from compliance.clock import parse_time
from compliance.report.advice import advice, then
from compliance.report.content import Content
from compliance.report.elements import code, data, folded, listing, section
from compliance.report.texts import count, counted, day, shortened
from compliance.runs import Part, Run, folder_of

MOST_NAME = 120
"""Characters of a file's name in the headline; the whole of it stands below."""

MOST_FAILED = 20
"""Parts whose errors are told one by one at the head."""

NOUNS = {"tweets": "post", "users": "user"}


def title(run: Run) -> str:
    """What the page is called."""
    return f"{shortened(source_name(run), MOST_NAME)}: {run['status']}"


def source_name(run: Run) -> str:
    """The file, or the folder, that was dropped."""
    return folder_of(run) or run["key"]


def header(content: Content) -> Element:
    """The headline, and the answer in a sentence or two."""
    run = content.run
    return h.header[
        h.p(".eyebrow")["Compliance report"],
        h.h1[data(shortened(source_name(run), MOST_NAME))],
        h.p(".lead")[
            h.span(class_=f"status {run['status']}")[run["status"].capitalize()],
            " ",
            _lead(content),
        ],
    ]


def failure(content: Content) -> Node:
    """What went wrong, and what to do."""
    run = content.run
    if "error" not in run:
        return None
    failed = [part for part in content.parts if "error" in part]
    return section(
        "failure",
        "What went wrong",
        h.p[h.strong[data(run["error"])]],
        h.p[data(run.get("error_message", ""))],
        h.p[h.strong["What to do: "], advice(run["error"])],
        then(run["error"]) == "retry"
        and [
            h.p["Once the cause is gone, the run goes on where it stopped, and no part is checked twice:"],
            listing(f"xcompliance retry {run['run_id']}"),
        ],
        len(failed) > 1
        and folded(
            f"The errors of {counted(len(failed), 'part', 'parts')}",
            h.ul[(_failed(part) for part in failed[:MOST_FAILED])],
            len(failed) > MOST_FAILED and h.p(".note")["The others are told with the parts, below."],
            is_open=len(failed) <= MOST_FAILED,
        ),
    )


def warnings(content: Content) -> Node:
    """What the owner of the list should look at."""
    found = content.run.get("warnings")
    return section("warnings", "Warnings", h.ul[(h.li[data(each)] for each in found)]) if found else None


def _failed(part: Part) -> Element:
    return h.li[f"Part {part['part']}: ", code(part["error"]), " ", data(part.get("error_message", ""))]


def _lead(content: Content) -> str:
    run = content.run
    noun = NOUNS[run["type"]]
    on = day(parse_time(run.get("ended_at", run["started_at"])))
    if run["status"] == "complete":
        checked = f"{counted(run['accepted'], f'{noun} ID was', f'{noun} IDs were')} checked with X on {on}."
        return f"{checked} {_outcome(run)}"
    done = sum(part["accepted"] for part in content.parts if part["status"] == "complete")
    if done:
        return (
            f"The run failed on {on}. {count(done)} of {counted(run['accepted'], f'{noun} ID', f'{noun} IDs')} "
            "were checked before; what X says of them counts."
        )
    return f"The run failed on {on}, before any ID was checked."


def _outcome(run: Run) -> str:
    if run["affected"]:
        return f"X asks for action in {counted(run['affected'], 'record', 'records')}."
    if run["result_errors"]:
        return "X asks for no action, but did not take every line for an ID."
    return "X asks for no action: all of them are compliant."
