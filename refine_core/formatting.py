"""Numbers, times and costs as text: one way to write each, on every screen, in errors, files and hover texts.

format_number(0.99999, beside=[1])  "0.99999"        format_duration(1.23)  "1.2 s"
format_cost(0.0042)                 "$0.0042"        pluralize(2, "call")   "2 calls"
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

TINY, THOUSAND, HUGE = 1e-4, 1000, 1e7
DECIMALS, SIGNIFICANT = 4, 3
_MORE_DIGITS = 12  # at most; beyond them a number is written out
LONG_S = 100.0


def format_number(value: float | None, beside: Iterable[float | None] = ()) -> str:
    """A reward or threshold: at most four decimals, in exponents only where it must be; "none" for None.

    beside: numbers shown near it. It gets more digits where it would look like one of them and is not, or like a whole
    number that it does not reach, so that the order of the numbers can be read from their texts.
    """
    if value is None:
        return "none"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "-∞"
    others = {other for other in beside if other is not None and math.isfinite(other) and other != value}
    if abs(value) < THOUSAND and round(value) > value:
        others.add(round(value))
    below = max((o for o in others if o < value), default=None)
    above = min((o for o in others if o > value), default=None)
    for more in range(_MORE_DIGITS):
        text = _write(value, more)
        if (below is None or _read(_write(below, more)) < _read(text)) and (
            above is None or _read(text) < _read(_write(above, more))
        ):
            return text
    return repr(float(value))


def _write(value: float, more: int) -> str:
    """A number with so many more digits than usual."""
    if value == 0:
        return "0"
    if not TINY <= abs(value) < HUGE:
        return f"{value:.{SIGNIFICANT + more}g}"
    text = f"{value:.{DECIMALS + more}f}" if abs(value) < THOUSAND else f"{value:,.{more}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read(text: str) -> float:
    return float(text.replace(",", ""))


def format_duration(value: float | None) -> str:
    """A duration with its unit: "4 ms", "1.2 s", "3 min 5 s"; "unknown" for None."""
    if value is None:
        return "unknown"
    if round(value, 3) < 1:
        return f"{value * 1000:.0f} ms" if round(value, 3) > 0 else "under 1 ms"
    if round(value, 1) < LONG_S:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def format_time(at: float) -> str:
    """A time of the epoch in this machine's zone, "2026-11-23 14:05"; "unknown time" for what no clock can show."""
    try:
        return f"{datetime.datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "unknown time"


def format_cost(value: float | None) -> str:
    """A cost: "free", "$0.0042"; "cost unknown" for None."""
    if value is None:
        return "cost unknown"
    if value == 0:
        return "free"
    if value < TINY:
        return "under $0.0001"
    return f"${value:.2f}" if value >= 0.1 else f"${value:.2g}"  # noqa: PLR2004 - ten cents


def pluralize(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: "1 attempt", "3 attempts"."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
