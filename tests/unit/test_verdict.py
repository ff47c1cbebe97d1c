"""The verdict on a run: a headline, and which attempts failed in so few words that a line holds them."""

from __future__ import annotations

import pytest

from refine_core import events as ev
from refine_core.stop_summary import stop_sentences
from refine_core.verdict import Verdict, write_verdict
from tests import logs

LINE = 110  # characters that a line of the Lab's right column holds


def verdict_of(log: logs.Log) -> Verdict:
    timeline = log.timeline
    return write_verdict(timeline, stop_sentences(timeline))


def broken(*, line: int = 6) -> ev.Fault:
    return ev.Fault("TypeError", "TypeError: 'NoneType' object is not subscriptable", "program", line)


def test_a_run_that_reached_its_threshold_says_so_and_no_more():
    assert verdict_of(logs.headline()) == Verdict("Stopped at attempt 4: reward 1.00 ≥ threshold 1.00")


def test_the_headline_names_the_attempt_that_was_returned():
    log = logs.Log(N=2, threshold=0.9)
    log.attempt(0.3)
    log.attempt(0.6)
    log.finish()
    headline = "All 2 attempts made; none reached 0.90. Returned the best: attempt 2, 0.60"
    assert verdict_of(log) == Verdict(headline)


def test_attempts_that_failed_of_one_cause_are_named_with_it():
    log = logs.Log(N=4, threshold=0.9)
    log.attempt(0.3)
    log.attempt(None, outputs={"answer": "a"}, error=broken())
    log.attempt(None, outputs={"answer": "b"}, error=broken())
    log.attempt(0.95)
    log.finish()
    verdict = verdict_of(log)
    assert verdict.failures == "Attempts 2 and 3 failed: reward, line 6"
    assert not verdict.is_whole


def test_attempts_that_failed_of_several_causes_are_counted():
    assert verdict_of(logs.failures()).failures == "2 of 6 attempts failed"


def test_rules_that_the_best_attempt_did_not_meet_are_told():
    log = logs.Log(N=2, threshold=0.9)
    log.attempt(0.97, unmet={"short": "at most 3 words"})
    log.attempt(0.5, unmet={"short": "at most 3 words"})
    log.finish()
    assert verdict_of(log).note == "Returned the best: attempt 1 with reward 0.97, rule not met: short"


def test_an_error_without_a_result_is_told_in_full():
    log = logs.Log(N=2, threshold=0.9)
    for _ in range(2):
        log.attempt(None, outputs={"answer": "a"}, error=broken())
    log.finish("every_attempt_failed")
    verdict = verdict_of(log)
    assert verdict.headline == "Every attempt failed"
    assert "TypeError: 'NoneType' object is not subscriptable (line 6)" in verdict.note
    assert verdict.is_error


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_no_verdict_is_longer_than_its_two_lines(name):
    verdict = verdict_of(logs.SCENARIOS[name]())
    assert len(verdict.headline) <= LINE
    assert verdict.is_error or len(f"{verdict.note} · {verdict.failures}") <= LINE


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_what_a_verdict_leaves_out_is_marked_as_left_out(name):
    timeline = logs.SCENARIOS[name]().timeline
    sentences = stop_sentences(timeline)
    verdict = write_verdict(timeline, sentences)
    if verdict.is_whole:
        assert not any("failed:" in sentence for sentence in sentences) or verdict.is_error
