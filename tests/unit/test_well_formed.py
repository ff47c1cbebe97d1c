"""Text on its way to a screen: lone surrogates become U+FFFD, everything else stays what it was."""

from __future__ import annotations

import functools
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import MemoryStore, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.log.summaries import summarize
from refine_core.log.well_formed import make_well_formed
from refine_core.runs import Runs
from tests.hostile_log import hostile_log
from tests.pages.test_half_emoji import HALF, SHOWN

pytestmark = pytest.mark.fault(53)
TEXT = st.text(alphabet=st.characters(exclude_categories=()))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@given(PLAIN)
def test_what_is_shown_can_always_be_sent(value):
    """Every text in it is UTF-8, and nothing was lost on the way."""

    def check(old, new):
        assert type(old) is type(new)
        if isinstance(new, str):
            new.encode()
        elif isinstance(new, list):
            for a, b in zip(old, new, strict=True):
                check(a, b)
        elif isinstance(new, dict):
            for (a, v), (b, w) in zip(old.items(), new.items(), strict=True):
                check(a, b)
                check(v, w)
        else:
            assert old == new or math.isnan(old)

    check(value, make_well_formed(value))


def test_two_halves_side_by_side_are_the_emoji_that_they_make():
    assert make_well_formed("\ud83d\ude00 and \ud83d") == "\N{GRINNING FACE} and \N{REPLACEMENT CHARACTER}"


def test_many_keys_that_look_alike_are_numbered_in_a_moment():
    """A reply may hold tens of thousands of them, and each page of its run makes them showable."""
    halves_of_keys = [chr(0xDC00 + i) for i in range(1024)]
    keys = {one + other: 0 for one in halves_of_keys[:40] for other in halves_of_keys}
    began_s = time.process_time()
    shown = list(make_well_formed(keys))
    assert time.process_time() - began_s < 2
    assert len(shown) == len(keys)
    assert shown[:2] == ["\N{REPLACEMENT CHARACTER}" * 2, "\N{REPLACEMENT CHARACTER}" * 2 + " (2)"]


def test_what_needs_no_change_is_not_copied():
    record = hostile_log(HALF).records[1]
    assert make_well_formed(record) is record


def kept(log):
    store = MemoryStore()
    store.append(log.records, functools.reduce(summarize, log.records, None))
    return store


def test_the_log_keeps_half_an_emoji_and_the_screen_does_not():
    runs = Runs(kept(hostile_log(HALF)))
    assert runs.events("run-1")[0].event.spec.inputs["question"] == HALF
    assert runs.get("run-1").timeline.spec.inputs["question"] == SHOWN
    assert runs.recent()[0].summary.title == SHOWN
    assert SHOWN in runs.get("run-1").stop_summary
    runs.close()


def test_an_input_with_half_an_emoji_runs_and_is_given_again_as_it_was():
    """A replay finds its recorded replies by the exact messages."""
    runs = Runs(MemoryStore())
    reward = "def reward(args, pred):\n    return 0.5\n"
    spec = ProgramSpec((StageSpec("answer", "question -> answer"),), reward, {"question": HALF}, N=2)
    first = runs.start(spec)
    ended(runs, first)
    again = runs.replay(first, delay_s=0.0)
    ended(runs, again)
    for run_id in (first, again):
        finished = runs.get(run_id).timeline.end
        assert (finished.reason, finished.error) == ("attempts_used_up", None), run_id
        assert runs.events(run_id)[0].event.spec.inputs == {"question": HALF}
    runs.close()


def test_a_resumed_run_goes_on_with_the_exact_inputs():
    runs = Runs(MemoryStore())
    reward = "def reward(args, pred):\n    return float(args['question'] == 'half \\ud83d emoji') / 2\n"
    spec = ProgramSpec((StageSpec("answer", "question -> answer"),), reward, {"question": HALF}, N=2)
    run_id = runs.start(spec)
    ended(runs, run_id)
    records = runs.events(run_id)
    runs.close()
    cut = next(r.seq for r in records if isinstance(r.event, ev.AttemptStarted) and r.event.index == 1)
    store = MemoryStore()
    store.append(records[:cut], functools.reduce(summarize, records[:cut], None))
    store.interrupt()
    runs = Runs(store)
    runs.resume(run_id)
    ended(runs, run_id)
    assert [a.reward for a in runs.get(run_id).timeline.attempts] == [0.5, 0.5]
    runs.close()


def ended(runs, run_id):
    runs.join(run_id, 30)
