"""Calls of the small model one at a time, in the order in which they came; a call that is given up costs nobody its turn."""

from __future__ import annotations

from refine_core.local_model.turns import Turns


def test_the_next_call_has_its_turn_when_the_one_before_leaves():
    turns = Turns()
    first, second, third = turns.take(), turns.take(), turns.take()
    assert [turn.done() for turn in (first, second, third)] == [True, False, False]
    turns.leave(first)
    assert [turn.done() for turn in (second, third)] == [True, False]
    turns.leave(second)
    assert third.done()


def test_a_call_that_was_cancelled_while_it_waited_is_passed_over():
    turns = Turns()
    first, second, third = turns.take(), turns.take(), turns.take()
    assert second.cancel()
    turns.leave(second)
    turns.leave(first)
    assert third.result(0) is None


def test_a_call_that_is_cancelled_at_its_turn_hands_it_on():
    """Its wait may end by the cancel although its turn has come: leaving is what counts."""
    turns = Turns()
    first, second = turns.take(), turns.take()
    assert not first.cancel()
    turns.leave(first)
    assert second.done()


def test_leaving_twice_takes_nobody_elses_turn():
    turns = Turns()
    first, second, third = turns.take(), turns.take(), turns.take()
    turns.leave(first)
    turns.leave(first)
    assert second.done()
    assert not third.done()
