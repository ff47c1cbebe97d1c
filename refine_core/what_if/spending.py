"""What the changed run would have spent, out of what the recorded one did.

usage_until(timeline, stop) -> Usage        of its requests up to the attempt at which it would have stopped
"""

from __future__ import annotations

from refine_core.log.timeline import Call, Timeline, Usage


def usage_until(timeline: Timeline, stop: int) -> Usage:
    """Requests, tokens and cost up to the attempt of number `stop`, and without advice about it: nobody would have read that."""
    calls: list[Call] = []
    for attempt in (*timeline.cut_off_attempts, *timeline.attempts):
        if attempt.index < stop:
            last = attempt.index == stop - 1 and attempt.has_ended
            calls += attempt.calls if last else attempt.all_calls
    return Usage.of(calls)
