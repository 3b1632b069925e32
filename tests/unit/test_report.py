"""The report that people look at: everything is in it, nothing of it does anything, and no secret is told."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance import errors
from compliance.clock import parse_time
from compliance.formats import Format, KindOfFile
from compliance.ids import Reason
from compliance.report.advice import advice, then
from compliance.report.content import MOST_REJECTS, MOST_SEGMENTS, Content, rejects_objects
from compliance.report.document import document
from compliance.report.partlist import MOST_PARTS
from compliance.report.texts import share, shortened
from compliance.report.timeline import seconds_by_phase, spans_of_part, spans_of_run
from compliance.runs import Part
from tests.fakes import reports

CONTENTS = {
    "complete": reports.complete(),
    "failed": reports.failed(),
    "refused": reports.refused(),
    "folder": reports.folder(),
    "large": reports.large(500),
    **{f"hostile {number}": reports.hostile(text) for number, text in enumerate(reports.HOSTILE)},
}
each_content = pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page as a browser takes it apart; raises AssertionError for tags that do not match."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self.source = document(content).decode()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    @property
    def text(self) -> str:
        """All that is to be read, in one line."""
        return re.sub(r"\s+", " ", " ".join(data for tag, data in self.texts if tag not in ("style", "title")))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


TAGS = {tag for tag, _ in Page(reports.complete()).tags} | {"strong", "details", "summary", "ul", "li"}


def text_of(content: Content) -> str:
    return Page(content).text


@each_content
def test_a_page_is_whole_says_its_language_and_names_itself(content: Content) -> None:
    page = Page(content)
    assert page.source.startswith('<!doctype html><html lang="en">')
    assert {"charset": "utf-8"} in page.attributes("meta")
    assert len(page.attributes("h1")) == len(page.attributes("title")) == 1
    assert [data for tag, data in page.texts if tag == "title"]


@each_content
def test_nothing_on_a_page_asks_anybody_or_does_anything(content: Content) -> None:
    page = Page(content)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not {"script", "a", "img", "link", "form", "iframe", "object", "base"} & TAGS
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "style", "action")]
        assert tag == "meta" or "http-equiv" not in attributes
    (style,) = (data for tag, data in page.texts if tag == "style")
    assert "url(" not in style
    assert "@import" not in style


@each_content
def test_the_policy_of_a_page_allows_its_style_sheet_and_nothing_else(content: Content) -> None:
    page = Page(content)
    (policy,) = (meta["content"] for meta in page.attributes("meta") if "http-equiv" in meta)
    (style,) = (data for tag, data in page.texts if tag == "style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize("text", reports.HOSTILE)
def test_what_others_have_written_is_shown_and_no_more(text: str) -> None:
    page = Page(reports.hostile(text))
    unseen = [each for each in page.source if not each.isprintable() and each != "\u200d"]
    assert not unseen, f"{unseen} are on the page"
    if text.isprintable() and text:
        shown = shortened(text, 100)
        assert shown[:20] in page.text
        assert sum(text in data for _, data in page.texts) >= 5


def test_characters_that_are_not_seen_are_written_out() -> None:
    text = text_of(reports.hostile("a\x00b\u202ec\ufeffd\ud83de\nf"))
    assert "a␀b⟨U+202E⟩c⟨U+FEFF⟩d�e␊f" in text


@given(st.text(st.characters(), max_size=30))
def test_no_text_whatever_breaks_a_page(text: str) -> None:
    page = Page(reports.hostile(text))
    assert {tag for tag, _ in page.tags} <= TAGS


def test_the_same_run_gives_the_same_bytes() -> None:
    assert document(reports.complete()) == document(reports.complete())


CREDENTIALS: dict[str, Any] = {
    "upload_url": "https://storage.googleapis.com/SECRET",
    "session_uri": "https://storage.googleapis.com/SECRET",
    "download_url": "https://storage.googleapis.com/SECRET",
    "download": {"upload_id": "SECRET"},
    "execution_arn": "SECRET",
}


def test_no_credential_of_a_part_is_on_the_page() -> None:
    parts = [reports.part(1, **CREDENTIALS), reports.part(2, status="failed", error="JobFailed", **CREDENTIALS)]
    assert b"SECRET" not in document(reports.complete(parts=parts))


def test_it_says_what_was_checked_and_accounts_for_every_line() -> None:
    text = text_of(reports.complete())
    assert "250,000 post IDs were checked with X on 25 November 2026." in text
    assert "s3://xcompliance-inbox-9z8y/tweets/posts.txt" in text
    assert "254,100 = 250,000 accepted + 2,500 duplicate + 600 rejected + 1,000 blank" in text
    for figure in ("250,000 98.4 %", "2,500 1.0 %", "600 0.2 %", "1,000 0.4 %", "Lines read 254,100"):
        assert figure in text
    assert "a list, one ID per line" in text


def test_copies_within_records_have_a_row_and_a_place_in_the_equation() -> None:
    page = text_of(reports.complete(run=reports.run(lines=250_000, embedded=4_100)))
    assert "Posts stored within them 4,100" in page
    assert "250,000 + 4,100 embedded = 250,000 accepted" in page
    assert "250,000 98.4 %" in page


def test_it_tells_every_action_and_reason_with_its_number() -> None:
    text = text_of(reports.complete())
    for row in ("delete remove it 3,550 71.2 %", "rehydrate fetch it again 702 14.1 %", "suspended 1,002 20.1 %"):
        assert row in text
    assert "12 records report an error instead of a verdict" in text
    assert "5,000 = 4,988 with an action + 12 with an error" in text


def test_the_bars_are_as_long_as_the_figures_say() -> None:
    page = Page(reports.complete())
    bars = {each["class"]: each["width"] for each in page.attributes("rect") if "action-" in str(each["class"])}
    assert bars["action-delete"] == "71.17%"


@pytest.mark.parametrize(
    ("number", "others"), [(40, "25 others 250 50.0 %"), (100, " others 850 77.3 %")], ids=["listed", "not all listed"]
)
def test_many_reasons_are_summed_up_and_none_is_lost(number: int, others: str) -> None:
    reasons = {f"reason {each:03}": 10 for each in range(number)}
    part = reports.part(1, affected=10 * number + 100, by_reason=reasons, by_action={})
    text = text_of(reports.complete(parts=[part]))
    assert "reason 014 10" in text
    assert "reason 015" not in text
    assert others in text
    assert f"none given 100 {1_000 / (number + 10):.1f} %" in text


def test_a_run_of_which_x_says_nothing_is_said_to_be_clean() -> None:
    clean: dict[str, Any] = {"records": 0, "affected": 0, "result_errors": 0, "by_action": {}, "by_reason": {}}
    text = text_of(reports.complete(run=reports.run(**clean), parts=[reports.part(1, **clean)]))
    assert "X asks for no action: all of them are compliant." in text
    assert "0 records of X ask for action." in text


def test_a_failure_is_told_in_words_with_what_to_do() -> None:
    text = text_of(reports.failed())
    assert "The run failed on 25 November 2026. 125,000 of 250,000 post IDs were checked before" in text
    assert f"1 of 2 parts are not checked; part 2: {reports.WORDS}" in text
    assert "Buy credits in X’s developer portal, or turn on auto-recharge there." in text
    assert f"xcompliance retry {reports.RUN_ID}" in text
    assert "2,494 records of X ask for action. This is what X says of the parts that were checked" in text


def test_why_x_failed_a_job_is_told_with_its_part() -> None:
    text = text_of(reports.complete(parts=[reports.part(1, job_error="The file is <empty>")]))
    assert "X on the last failed job: The file is <empty>" in text


def test_a_run_that_was_stopped_shows_what_its_parts_say_although_nobody_added_them_up() -> None:
    content = reports.failed()
    stopped = {name: value for name, value in content.run.items() if name not in reports.NOTHING_SAID}
    assert "2,494 records of X ask for action." in text_of(replace(content, run=stopped))  # type: ignore[arg-type]


def test_a_file_that_was_refused_asks_for_a_better_one_and_for_no_retry() -> None:
    text = text_of(reports.refused())
    assert "before any ID was checked" in text
    assert "The object is a ZIP archive. Unpack it." in text
    assert "Correct the file and drop it again" in text
    assert "xcompliance retry" not in text
    assert "X has not answered for any part of this run." in text


def kinds_of_errors(kind: type[errors.ComplianceError] = errors.ComplianceError) -> list[type[errors.ComplianceError]]:
    return [each for child in kind.__subclasses__() for each in (child, *kinds_of_errors(child))]


BASES = {errors.TransientError, errors.PermanentError}


@pytest.mark.parametrize("kind", [kind for kind in kinds_of_errors() if kind not in BASES])
def test_there_is_something_to_do_about_every_error(kind: type[errors.ComplianceError]) -> None:
    assert advice(kind.__name__).endswith(".")
    assert then(kind.__name__) != "drop again" or "again" in advice(kind.__name__)


def test_nobody_is_told_to_pay_twice_for_a_run_that_goes_on() -> None:
    assert then("RunTakenOver") == "nothing: it goes on"


def test_an_error_that_nobody_knows_sends_its_reader_to_the_log() -> None:
    assert advice("States.Runtime") == advice("StepFailed") == "See the log of the function that failed."


def test_warnings_are_shown() -> None:
    assert "12 of 250000 IDs are from the future" in text_of(reports.complete())


def test_rejected_lines_are_shown_with_place_reason_and_text() -> None:
    content = reports.complete(rejects=[reports.rejected(7, "n/a", range_start=128_000_000)])
    text = text_of(content)
    assert "600 lines are no ID. The first of them:" in text
    assert "7 from byte 128,000,000 on is no whole number n/a" in text
    assert "s3://xcompliance-results-1a2b3c/rejects/type=tweets/checked_on=2026-11-25/" in text


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_is_said_in_words(reason: str) -> None:
    text = text_of(reports.complete(rejects=[reports.rejected(7, "n/a", reason)]))
    assert f"7 {reason} n/a" not in text
    assert re.search(r"\b7 [A-Za-z ]+ n/a", text)


@pytest.mark.parametrize("kind", get_args(KindOfFile))
def test_every_kind_of_file_is_said_in_words(kind: KindOfFile) -> None:
    text = text_of(reports.complete(segments=[reports.segment(form=Format(kind, "zstd", "post"))]))
    assert re.search(r"Read as [A-Za-z, ]+column post.*, packed with zstd", text)


def test_no_more_rejected_lines_are_shown_than_a_reader_takes_in() -> None:
    content = reports.complete(rejects=[reports.rejected(number, f"text-{number}-") for number in range(100)])
    text = text_of(content)
    assert f"text-{MOST_REJECTS - 1}-" in text
    assert f"text-{MOST_REJECTS}-" not in text


def test_a_folder_tells_its_files_with_their_versions() -> None:
    text = text_of(reports.folder())
    assert "s3://xcompliance-inbox-9z8y/datasets/tweets/nightly/" in text
    assert "_SUCCESS" not in text.split("Audit facts")[0]
    assert f"0002.csv.gz {reports.VERSION} 0 to 1,002 CSV, column 2, with a header, packed with gzip" in text
    assert "0001.csv.gz 7 is no whole number n/a" in text


def test_a_large_folder_says_that_it_tells_the_first_files_only() -> None:
    text = text_of(reports.folder(MOST_SEGMENTS))
    assert f"The first {MOST_SEGMENTS} ranges of the files" in text
    assert "Athena’s table xcompliance.segments has them all." in text


def test_it_says_where_the_data_is() -> None:
    text = text_of(reports.complete())
    for place in ("results", "rejects", "reports"):
        assert f"s3://xcompliance-results-1a2b3c/{place}/type=tweets/checked_on=2026-11-25/{reports.RUN_ID}" in text
    assert f"s3://xcompliance-results-1a2b3c/raw/{reports.RUN_ID}/" in text
    assert f"WHERE type = 'tweets' AND checked_on = '2026-11-25' AND run_id = '{reports.RUN_ID}'" in text
    assert 'FROM "xcompliance"."results"' in text
    assert "--table-name XCompliance-ResultsIndex-1X2Y" in text
    assert """--key '{"subject": {"S": "tweets#ID"}}'""" in text


def test_an_index_that_is_turned_off_is_not_offered() -> None:
    text = text_of(reports.complete(places=replace(reports.PLACES, results_table=None)))
    assert "The index of affected IDs is turned off" in text
    assert "get-item" not in text


def test_it_keeps_the_facts_that_prove_the_check() -> None:
    text = text_of(reports.complete())
    assert reports.VERSION in text
    assert "complete 125,000 2.5 MB yZRlqg== 1990000000000000002 tweets-0123456789abcdef-p2-a1 2,500" in text
    assert "Started 2026-11-25T10:44:01.000Z Prepared 2026-11-25T10:44:08.000Z Ended 2026-11-25T10:44:45.200Z" in text
    assert "4,000 written, 900 unchanged, 88 outranked by another word" in text
    assert "Cost, estimated $0.0042 at AWS, $0.0700 at X, by the prices of 2026-11-23" in text
    assert "Duplicates across parts" not in text


def test_it_says_how_many_ids_stood_in_several_parts_where_parts_are_compared() -> None:
    assert "Duplicates across parts 0 " in text_of(reports.complete(run=reports.run(duplicate_across_parts=0)))


def test_every_part_tells_its_times_and_what_it_has_not_come_to() -> None:
    text = text_of(reports.failed())
    assert "1 10:44:07 10:44:10 10:44:13 10:44:22 10:44:23 10:44:26" in text
    assert "2 10:44:07 10:44:28 10:44:31 – – –" in text


def test_a_time_on_another_day_has_its_date() -> None:
    content = reports.complete(parts=[reports.part(1, indexed_at="2026-11-27T09:00:00.000Z")])
    assert "27 Nov 09:00:00" in text_of(content)


@pytest.mark.parametrize("parts", [500, 1_200])
def test_a_large_run_is_folded_up_and_stays_small(parts: int) -> None:
    content = reports.large(parts, status="failed", error="RequestRefused", error_message="no words for this " * 100)
    page = document(content)
    assert len(page) < 1_000_000
    assert [each for each in Page(content).attributes("details") if "open" in each] == []


def test_of_very_many_parts_those_that_failed_are_listed_first_and_the_others_are_counted() -> None:
    content = reports.large(MOST_PARTS + 700)
    last = reports.part(MOST_PARTS + 700, MOST_PARTS + 700, status="failed", error="JobFailed", error_message="Gone.")
    text = text_of(replace(content, parts=[*content.parts[:-1], last]))
    assert "failed JobFailed: Gone." in text
    assert text.count("700 more parts are left out here") == 2
    assert f"p{MOST_PARTS - 1}-a1" in text
    assert f"p{MOST_PARTS}-a1" not in text


def test_few_parts_are_there_to_be_seen() -> None:
    assert all("open" in each for each in Page(reports.complete()).attributes("details"))


@given(st.lists(st.floats(0, 10_000), min_size=0, max_size=30), st.floats(0, 300_000))
def test_the_phases_fill_the_time_of_the_run(gaps: list[float], end: float) -> None:
    names = ("created_at", "uploaded_at", "completed_at", "downloaded_at", "indexed_at")
    now = 0.0
    parts: list[Part] = []
    times: dict[str, str] = {}
    for number, gap in enumerate(gaps):
        now += gap
        times[names[number % 5]] = reports.at(now)
        if number % 5 == 4 or number == len(gaps) - 1:
            blank: dict[str, Any] = dict.fromkeys(names) | times
            parts.append(reports.part(len(parts) + 1, len(gaps), prepared_at=reports.at(0), **blank))
            times = {}
    run = reports.run(prepared_at=reports.at(0), ended_at=reports.at(now + end))
    spans = spans_of_run(run, parts)
    whole = (parse_time(run["ended_at"]) - parse_time(run["started_at"])).total_seconds()
    assert sum(seconds_by_phase(spans).values()) == pytest.approx(whole)
    assert all(span.seconds >= 0 for span in spans)


def test_a_part_waits_until_its_job_is_created() -> None:
    waited = [span for span in spans_of_part(reports.run(), reports.part(2)) if span.phase == "wait"]
    assert [span.seconds for span in waited] == [pytest.approx(21.0)]


def test_a_clock_that_goes_slow_makes_no_phase_shorter_than_nothing() -> None:
    odd = reports.part(1, uploaded_at=reports.at(3))
    assert min(span.seconds for span in spans_of_part(reports.run(), odd)) == 0


@pytest.mark.parametrize(
    ("parts", "numbers"),
    [
        ([reports.part(1), reports.part(2)], [1, 2]),
        ([reports.part(1, rejected=0), reports.part(2)], [2]),
        ([reports.part(1, 1, rejected=0), reports.part(2, 1), reports.part(3, 1)], [1]),
        ([reports.part(1, prepared_at=None)], []),
        ([reports.part(1, prepared_at=None, rejected=None)], []),
        ([], []),
    ],
)
def test_rejects_are_looked_for_where_there_are_some(parts: list[Any], numbers: list[int]) -> None:
    """What a part had no room for has its rejects beside those of the part."""
    prefix = f"rejects/type=tweets/checked_on=2026-11-25/{reports.RUN_ID}"
    assert rejects_objects(parts) == [f"{prefix}-{number:05}.ndjson" for number in numbers]


def test_a_share_is_never_rounded_to_nothing_or_all() -> None:
    assert [share(*each) for each in ((0, 10), (1, 3), (1, 10_000), (9_999, 10_000), (10, 10), (0, 0))] == [
        "0.0 %",
        "33.3 %",
        "< 0.1 %",
        "> 99.9 %",
        "100.0 %",
        "0.0 %",
    ]


def test_a_long_name_keeps_its_beginning_and_more_of_its_end() -> None:
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("tweets/2026/11/25/posts.txt", 16) == "tweet…/posts.txt"
    assert len(shortened("x" * 1000, 120)) == 120
