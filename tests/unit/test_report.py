"""The report: one HTML file of one run, safe to open, and the events inside it."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.events import StopReason
from refine_core.export import export_run, read_runs
from refine_core.export.importing import import_runs
from refine_core.export.leaving_out.redaction import LEFT_OUT, Redaction, redact
from refine_core.export.markup import escape
from refine_core.export.report import EmbeddingError, read_embedded, write_html
from refine_core.export.report.python_code import write_python
from refine_core.runs import Runs
from refine_core.runs.kept_what_ifs import keep
from refine_core.spec.examples import EXAMPLES
from refine_core.store.listing import Annotation
from refine_core.store.memory import MemoryStore
from tests import logs
from tests.hostile_log import hostile_log

KINDS = [
    logs.headline,
    logs.one,
    logs.two_stages,
    logs.running,
    logs.failures,
    logs.negative,
    logs.cancelled,
    logs.long,
    logs.hostile,
    logs.long_words,
    logs.no_temperature,
    logs.rules,
    logs.asked_again,
    logs.nested,
    logs.nothing_yet,
]
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "template",
    "a",
    "p",
    "h1",
    "h2",
    "h3",
    "h5",
    "div",
    "span",
    "b",
    "br",
    "code",
    "pre",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "section",
    "details",
    "summary",
    "ins",
    "del",
    "mark",
    "i",
    "label",
    "input",
    "svg",
    "g",
    "text",
    "path",
    "rect",
    "circle",
}
ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "role",
    "aria-label",
    "aria-hidden",
    "tabindex",
    "scope",
    "style",
    "type",
    "viewbox",
    "width",
    "height",
    "x",
    "y",
    "rx",
    "cx",
    "cy",
    "r",
    "d",
    "font-size",
    "text-anchor",
    "fill-opacity",
    "data-format",
}
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</template><script>x</script>",
            "</style><img src=x onerror=x>",
            "--><b>",
            "]]>",
            '" onclick="x',
            "javascript:alert(1)",
            "&lt;i&gt; &#0;",
            "\u202eevil\u2066 \x00\x1b[31m\x85",
            "\ud800 half \udfff",
            "\ufffe\uffff",
            "a" * 3000,
            "line\n" * 40,
        ]
    ),
)


class Page(HTMLParser):
    """What a parser makes of a file: its elements, its text, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.ids: list[str] = []
        self.texts: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in {"meta", "br", "input", "path", "rect", "circle"}:
            self._inside.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag):
        if tag not in {"path", "rect", "circle"}:
            assert self._inside.pop() == tag, tag

    def handle_data(self, data):
        if self._inside[-1:] not in (["style"], ["template"]):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def run_example(name, **changes):
    """The records of a worked example, run on the practice model."""
    runs = Runs(MemoryStore())
    run_id = runs.start(replace(EXAMPLES[name].spec, **changes))
    runs.join(run_id, 100)
    return runs.events(run_id)


# ---- what it holds


@pytest.mark.parametrize("make", KINDS)
def test_a_report_imports_again_to_an_equal_log(make):
    records = make().records
    store = MemoryStore()
    html = write_html(records, annotation=Annotation("Mine", ("tag",)))
    (run_id,) = import_runs(store, html.encode()).run_ids
    assert store.events(run_id) == records
    assert store.annotation(run_id).name == "Mine"


@pytest.mark.parametrize("make", KINDS)
def test_every_link_of_a_report_leads_to_a_place_in_it(make):
    page = Page(write_html(make().records))
    assert page.attributes["href"] <= {f"#{one}" for one in page.ids}
    assert len(page.ids) == len(set(page.ids))


def test_every_attempt_has_its_output_hint_change_parts_and_prompts():
    log = logs.headline()
    text = Page(write_html(log.records)).text
    for attempt in log.timeline.attempts:
        assert f"Attempt {attempt.index + 1}: " in text
        for value in attempt.outputs.values():
            assert (", ".join(value) if isinstance(value, list) else str(value)) in text
        for hint in attempt.real_hints.values():
            assert hint in text
        for call in attempt.all_calls:
            assert call.reply.text in text
    assert "Stopped at attempt 4: reward 1.00 ≥ threshold 1.00." in text
    assert "best 0.25" in text


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_a_report_says_in_plain_words_why_the_run_stopped(reason):
    log = logs.Log(stages=("answer",), N=3, threshold=0.9)
    for _ in range(3 if reason == "attempts_used_up" else 1):
        log.attempt(0.95 if reason == "threshold_reached" else 0.2)
    log.finish(reason)
    text = Page(write_html(log.records)).text
    begins = {
        "threshold_reached": "Attempt 1 scored 0.95, which is enough, so the run stopped there",
        "attempts_used_up": "All 3 attempts that were allowed had been made, and none had reached 0.90",
        "too_many_failures": "More attempts ended with an error than were allowed",
        "every_attempt_failed": "Every attempt ended with an error",
        "budget_used_up": "The run had spent all that it was allowed to spend",
        "recording_ended": "The replies came from a recording",
        "cancelled": "A person stopped the run",
        "error": "An error outside the attempts stopped the run",
        "reward_broken": "The reward function has an error that every further attempt would meet",
        "unknown": "The trace that this was imported from does not tell why it ended",
    }
    assert begins[reason] in text


def test_an_attempt_that_scored_enough_and_broke_a_rule_is_explained():
    text = Page(write_html(logs.rules().records)).text
    assert "Attempts 2 and 3 scored enough, but did not meet every rule, so they did not end the run." in text


def test_where_no_temperature_is_sent_a_row_has_the_number_of_its_rollout():
    html = write_html(logs.no_temperature().records)
    assert re.findall(r'<td class="n hp">(\d)</td>', html) == ["0", "1", "2"]


def test_parts_that_never_scored_are_named_where_the_threshold_was_missed():
    log = logs.Log(stages=("answer",), N=2, threshold=1.0)
    for _ in range(2):
        log.attempt(0.5, parts={"short": 0.5, "price": 0.0})
    log.finish()
    assert (
        "The reward has parts, and price scored nothing in any attempt." in Page(write_html(log.records)).text
    )


def test_a_run_without_an_end_is_written_as_far_as_it_went():
    text = Page(write_html(logs.running().records)).text
    assert "The run has no end here" in text
    assert "This attempt was under way when the run stopped." in text


def test_a_prompt_that_came_before_is_written_once_and_led_to():
    records = run_example("two_stages")
    html = write_html(records)
    code = "def reward(args, pred):"
    assert Page(html).text.count(code) == 2, "in the first request for advice, and under Reward"
    assert "lines, the same as in attempt 1" in html


def test_what_was_left_out_is_marked_and_never_called_unchanged():
    records = redact(run_example("one_word"), Redaction(prompts=True))
    html = write_html(records)
    assert html.count('<span class="left">left out</span>') > 5
    assert LEFT_OUT not in html
    assert "Left out before this file was shared: prompts." in html
    assert "The input fields are" not in html


def test_what_ifs_that_were_kept_beside_the_run_are_in_its_file():
    runs = Runs(MemoryStore())
    run_id = runs.start(EXAMPLES["two_stages"].spec)
    runs.join(run_id, 100)
    keep(runs.store, runs.what_ifs.ask(run_id, threshold=0.6))
    (log,) = read_runs(runs.store, [run_id])
    text = Page(export_run(log, "html").data.decode()).text
    assert "Threshold 0.60" in text
    assert "Of these 4 outputs, attempt 3 would be returned, not attempt 4" in text
    assert text.count("other advice") == 3


def test_the_file_of_a_users_own_program_names_it():
    log = logs.headline()
    started = log.records[0].event
    spec = replace(started.spec, program_file="mine.py", inputs={"topic": "rain"})
    log.records[0] = replace(log.records[0], event=replace(started, spec=spec))
    text = Page(write_html(log.records)).text
    assert "The program of mine.py, which is not in this file" in text
    assert "the reward's only" not in text


def test_the_line_at_which_the_reward_failed_is_marked_in_its_code():
    html = write_html(run_example("bug"))
    (line,) = re.findall(r'<span class="l e">(.*?)</span>', html, re.DOTALL)
    assert "/" in line
    assert "It failed at the marked line." in html


SOURCES = [
    "f'{x!r:>{w}}' 'ab",
    "\x00\n",
    "'''a\n  b'''\r\n1_0.e3 # c",
    "\\\n(",
    "\tif\n x",
    "é = 'ü' # ö",
    "x=1\x0cy=2",
]


@given(source=st.one_of(st.text(), st.sampled_from(SOURCES)))
def test_source_is_shown_whole_whatever_it_is(source):
    page = Page(write_python(source))
    assert page.tags <= {"pre", "span", "i"}
    shown = unescape(escape(source.replace("\r\n", "\n")))
    assert page.text == f"{shown}\n"


# ---- that it is safe


@given(text=TEXTS)
@settings(max_examples=40, deadline=None)
def test_whatever_a_log_says_is_text_and_never_markup(text):
    html = write_html(hostile_log(text, value=[text], inputs=text).records)
    html.encode()
    page = Page(html)
    assert page.tags <= TAGS
    assert set(page.attributes) <= ATTRIBUTES
    assert all(link.startswith("#") for link in page.attributes["href"])
    assert all(re.fullmatch(r"--s:[\d.]+|stroke-width:1.75", one) for one in page.attributes.get("style", ()))
    assert not UNSEEN.search(page.text)


def test_the_policy_of_a_report_allows_styles_and_nothing_else():
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    page = Page(write_html(logs.headline().records))
    assert policy in page.attributes["content"]


# ---- how large it is


@pytest.mark.parametrize("name", EXAMPLES)
def test_five_attempts_of_a_worked_example_take_at_most_150_kb(name):
    records = run_example(name, N=5, threshold=5.0)  # a threshold out of reach
    assert sum(isinstance(record.event, ev.AttemptStarted) for record in records) == 5
    assert len(write_html(records).encode()) < 150_000


def test_the_report_of_200_attempts_takes_at_most_2_mb_and_folds_them():
    html = write_html(run_example("length", N=200, threshold=5.0))
    assert len(html.encode()) < 2_000_000
    assert html.count('<details class="a"') == 200


# ---- how it is read


def block(data: bytes, form: str = "jsonl+zlib+base64") -> bytes:
    packed = base64.b64encode(data).decode()
    return f'<template id="refinescope-events" data-format="{form}">{packed}</template>'.encode()


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"<html></html>", "holds no run"),
        (block(zlib.compress(b"{}")) * 2, "more than one run"),
        (block(zlib.compress(b"{}"), "jsonl+new"), "newer version"),
        (block(b"nonsense"), "damaged"),
        (block(zlib.compress(b"{}")[:-3]), "damaged"),
        (block(zlib.compress(b"{}") + b"more"), "damaged"),
        (block(b"")[: -len("</template>")] + b"abc</template>", "damaged"),
        (block(zlib.compress(bytes(5_000_000))), "unpack to more than 1,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(html, reason):
    with pytest.raises(EmbeddingError, match=reason):
        read_embedded(html, max_bytes=1_000_000)


def test_a_report_says_first_what_the_program_is_to_do_and_what_came_of_it():
    text = Page(write_html(run_example("two_stages"))).text
    places = [
        text.index(words)
        for words in (
            "Stopped at attempt 4",
            "extract: List what the writer of the message says.",
            "write: Write a reply to the customer, from these facts alone.",
            "my kettle arrived with a cracked lid",
            "We are sorry that the kettle of your order KT-4471",
            "had up to 6 tries at the task above",
            "Of 3 attempts with a hint, compared with the one before, 2 scored more and 1 the same.",
        )
    ]
    assert places == sorted(places)


def test_a_row_has_the_short_outputs_beside_the_main_one_and_the_hint():
    html = write_html(run_example("flaky"))
    rows = [Page(row).text for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL)]
    first = next(row for row in rows if row.startswith("4"))
    last = next(row for row in rows if row.startswith("5"))
    assert "neutral" in first and "confidence: 0.9" in first and "with the same hint" in first  # noqa: PT018
    assert "neutral" in last and "confidence: 0.5" in last and "with the hint: `confidence`" in last  # noqa: PT018


def test_a_cancelled_run_says_that_nothing_was_returned_and_shows_its_best():
    text = Page(write_html(logs.cancelled().records)).text
    assert "Nothing was returned; the best attempt until then was attempt" in text
    assert text.index("best until then") < text.index("A person stopped the run")


def test_a_threshold_beyond_the_parts_of_the_reward_is_told():
    text = Page(write_html(run_example("out_of_reach"))).text
    assert "attempt 3, the first of 2 that scored 0.90." in text
    assert "each at its best in this run, add up to 0.90, still below the threshold" in text
    assert "still below the threshold" not in Page(write_html(run_example("two_stages"))).text


def test_a_reward_that_failed_is_told_from_an_answer_that_failed():
    text = Page(write_html(run_example("bug"))).text
    assert "Attempts 3, 4 and 5 have no score because the reward function ended with an error" in text
    assert "no score because" not in Page(write_html(run_example("flaky"))).text
