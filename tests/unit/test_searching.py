"""The search over a run's messages: every text of every attempt, as plain text, at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.runs import list_callers, search_run
from refine_core.runs.searching import MAX_HITS, attempt_texts
from tests import logs


def talk(reply="The order is KT-4471.", hint="Name the ORDER number.", prompt="Which order?"):
    log = logs.Log(stages=("write",), N=3)
    log.hints = {"write": hint}
    span = log.begin()
    here = f"{span}/write"
    log.emit(here, ev.ModuleStarted("write", {"question": "q"}, hint))
    messages = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt})
    log.emit(f"{here}/lm", ev.LMRequested("m", messages, {}))
    log.emit(f"{here}/lm", ev.LMReplied(reply, 0.1, 1, 1, 0.0))
    log.emit(here, ev.PredictorTraced("write", {"answer": reply}))
    log.emit(here, ev.ModuleEnded("write", 0.1))
    log.emit(span, ev.RewardStarted(0, {"answer": reply}))
    log.emit(span, ev.RewardScored(0, 0.5, 0.1, feedback="lost: order", stdout="order printed"))
    log.emit(f"{span}/advice", ev.AdviceGiven(0, "The order is missing.", {"write": "Order!"}, 0.1))
    return log.timeline


def test_every_kind_of_text_is_searched_and_letter_case_does_not_matter():
    found = search_run(talk(), "oRdEr")
    assert {(hit.tab, hit.label) for hit in found.hits} == {
        ("output", "output answer"),
        ("output", "hint for write"),
        ("reward", "what the reward says"),
        ("reward", "printed by the reward"),
        ("advice", "the adviser's discussion"),
        ("advice", "advice for write"),
        ("prompts", "write, User message"),
        ("prompts", "write, reply"),
    }
    assert found.count == 8
    assert {hit.match.lower() for hit in found.hits} == {"order"}


@pytest.mark.parametrize("text", ["", "   ", "nobody wrote this", ".*", "[A-Z]"])
def test_what_is_nowhere_is_not_found(text):
    assert search_run(talk(), text).count == 0


def test_signs_are_plain_text_and_no_pattern():
    assert search_run(talk(reply="a.*b (c) [d]"), ".*b (c) [").hits[0].match == ".*b (c) ["


@given(st.text(max_size=8), st.text(min_size=1, max_size=3), st.text(max_size=8))
def test_a_hit_stands_where_its_text_is(before, wanted, after):
    """Also where lower case has more letters than what it was made of."""
    line = talk(reply=before + wanted + after)
    texts = {(a.index, one.block): one.text for a in line.attempts for one in attempt_texts(a)}
    for hit in search_run(line, wanted).hits:
        text = texts[hit.attempt, hit.block]
        assert text[hit.start : hit.end] == hit.match
        assert hit.match
        assert text.startswith(hit.before + hit.match + hit.after, hit.start - len(hit.before))


def test_many_hits_are_counted_and_the_first_are_listed():
    found = search_run(logs.long(100).timeline, "answer")
    assert len(found.hits) == MAX_HITS < found.count


@pytest.mark.parametrize("log", [logs.two_stages, logs.nested, logs.asked_again])
def test_every_call_of_an_attempt_has_exactly_one_caller(log):
    for attempt in log().timeline.attempts:
        callers = list_callers(attempt)
        calls = [id(call) for caller in callers for call in caller.calls]
        assert sorted(calls) == sorted(id(call) for call in attempt.all_calls)
        assert len({caller.key for caller in callers}) == len(callers)
        assert len({caller.label for caller in callers}) == len(callers)
