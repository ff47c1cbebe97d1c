"""The numbers that bound a refinement: how many attempts, when it is good enough, how many may fail, how long a score takes.

The most attempts of a run in the app, under any schedule: MAX_ATTEMPTS.
"""

from __future__ import annotations

import math

from refine_core.errors import Problem

MAX_ATTEMPTS = 500
"""Of a run that the app makes."""

REWARD_TIMEOUT_S = 5.0
"""How long one score may take, unless a spec or a caller says otherwise."""


def find_limit_problems(
    n: object, threshold: object, fail_count: object, *, in_app: bool = False
) -> list[Problem]:
    """Everything wrong with N, threshold and fail_count, each with its field; [] if they can be used.

    threshold: a number, or None to never stop early. fail_count: failed attempts allowed, or None for N.
    in_app: at most MAX_ATTEMPTS, and a finite threshold, since the app draws them.
    """
    problems = []
    if not is_whole(n, 1):
        problems.append(Problem("N", f"N must be a whole number, at least 1, not {format_wrong_value(n)}"))
    elif in_app and isinstance(n, int) and n > MAX_ATTEMPTS:
        problems.append(Problem("N", f"N must be at most {MAX_ATTEMPTS}, not {n}"))
    if threshold is not None and not _is_threshold(threshold, finite=in_app):
        message = (
            f"the threshold must be a number such as 1.0, or left out; not {format_wrong_value(threshold)}"
        )
        problems.append(Problem("threshold", message))
    if fail_count is not None and not is_whole(fail_count, 0):
        message = f"fail_count must be a whole number, at least 0, or left out; not {format_wrong_value(fail_count)}"
        problems.append(Problem("fail_count", message))
    return problems


def is_whole(value: object, minimum: int) -> bool:
    """Whether it is a whole number of at least `minimum`; not True or False."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def _is_threshold(value: object, *, finite: bool) -> bool:
    if not isinstance(value, (int, float)) or math.isnan(value):
        return False
    return not finite or (math.isfinite(value) and not isinstance(value, bool))


def format_wrong_value(value: object) -> str:
    """A wrong value in an error: a number as people type it, "0" and not "0.0"; anything else by `repr`."""
    return f"{value:g}" if isinstance(value, float) else repr(value)
