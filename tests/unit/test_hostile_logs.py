"""Laws over logs with any text in every place: whatever shows a run goes on, and hides and obeys nothing."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import figures
from refine_core.comparison import compare_attempts, compare_runs, write_attempts, write_runs
from refine_core.log.folds import timeline as fold
from refine_core.log.well_formed import make_well_formed
from refine_core.play import Playback, build_slide, list_steps
from refine_core.runs.searching import search_run
from refine_core.stop_summary import stop_sentences
from refine_core.uptake import advice_price, hint_uptake, leaks, routing
from tests.hostile_log import hostile_log

NASTY = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    ":red[x] $a$ -> ![x](http://evil.test/x.png)",
    "\u202egnihton\u2066x\u2069\u2028\u200b\ufeff",
    "\x1b[31mred\x1b[0m\x00\x07\x7f\x9f\r\n",
    "half \ud83d emoji",
    "",
    " ",
    "N/A",
    "{answer} [[ ## answer ## ]] %s {0} \\",
    "x" * 20_000,
    "word " * 4_000,
    "\n" * 5_000,
    'Mention "a" (((((((((((((((( and at most 99999999999999999999 words, 1e999 characters, NaN',
    "İıſẞ" * 50,
)
TEXTS = (
    st.sampled_from(NASTY)
    | st.text(max_size=60)
    | st.text(st.characters(categories=("Cc", "Cf", "Cs", "Zl")))
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
LOGS = st.builds(hostile_log, TEXTS, finished=st.booleans(), value=VALUES, inputs=VALUES)
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(value: object) -> None:
    """What goes to the browser as data: JSON that UTF-8 can carry, with nothing in it that a screen would hide or obey."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    assert UNSEEN.search(json.loads(json.dumps(" ".join(strings(value))))) is None


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for item in value.items() for one in strings(list(item))]
    if isinstance(value, list | tuple):
        return [one for item in value for one in strings(item)]
    return []


@settings(max_examples=60, deadline=None)
@given(LOGS)
def test_figure_story_and_ledger_show_any_text(log):
    timeline = fold(map(make_well_formed, log.records))
    assert timeline is not None
    shown(figures.build_figure(timeline))
    shown([figures.describe_figure(timeline), figures.label(timeline)])
    shown([asdict(row) for row in figures.build_ledger(timeline)])
    shown(asdict(figures.build_story(timeline)))


@settings(max_examples=60, deadline=None)
@given(LOGS, LOGS)
def test_any_two_attempts_and_runs_can_be_compared(log, other):
    one, two = (fold(map(make_well_formed, each.records)) for each in (log, other))
    assert one is not None
    assert two is not None
    for a in one.attempts:
        for b in two.attempts:
            comparison = compare_attempts(one, a, two, b)
            shown(asdict(comparison))
            write_attempts(comparison).encode()
    whole = compare_runs(one, two)
    shown(asdict(whole))
    write_runs(whole).encode()


@settings(max_examples=40, deadline=None)
@given(LOGS)
def test_any_log_can_be_played_and_presented(log):
    records = [make_well_formed(record) for record in log.records]
    shown([step.caption for step in list_steps(records)])
    playback = Playback(records)
    for step in playback.all_steps:
        shown(asdict(build_slide(playback.timeline(step.index), step)))


@settings(max_examples=60, deadline=None)
@given(LOGS)
def test_advice_of_any_text_is_judged_by_rules_and_a_search_finds_it(log):
    timeline = fold(map(make_well_formed, log.records))
    assert timeline is not None
    for attempt in timeline.attempts:
        hint_uptake(timeline, attempt)
        leaks(timeline, attempt)
        routing(timeline, attempt)
        advice_price(timeline, attempt)
    assert stop_sentences(timeline, alive=False, because="the app or terminal that ran it ended")
    question = str(timeline.spec.inputs["question"])
    assert bool(search_run(timeline, question).count) == bool(question.strip())
