"""Numbers, times and costs as text, and long texts cut: one way each, on every screen, in errors, files and hover texts.

format_number(0.99999, beside=[1])  "0.99999"        format_duration(1.23)  "1.2 s"
format_cost(0.0042)                 "$0.0042"        pluralize(2, "call")   "2 calls"
format_score(1 / 3)                 "0.33"          clip("a long text", 7)  "a long…"
format_difference(0.25)             "+0.25"         format_interval(0, 1)   "[0.00, 1.00]"
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Iterable, Sequence
from typing import TypeGuard

MINUS = "\N{MINUS SIGN}"  # as wide as a plus, unlike a hyphen
TINY_NUMBER, THOUSAND, HUGE = 1e-4, 1000, 1e7
DECIMALS, REWARD_DECIMALS, SIGNIFICANT = 4, 2, 3
TINY_USD = 1e-4  # below it an amount is "under $0.0001"
_NOISE = 1e-14  # what is left of 0.3 - (0.1 + 0.2)
_MORE_DIGITS = 12  # at most; beyond them a number is written out
LONG_S = 100.0
TEN_CENTS = 0.1


def format_number(value: float | None, beside: Iterable[float | None] = ()) -> str:
    """A reward or threshold: at most four decimals, in exponents only where it must be; "none" for None.

    beside: numbers shown near it. It gets more digits where it would look like one of them and is not, or like a whole
    number that it does not reach, so that the order of the numbers can be read from their texts.
    """
    if value is None:
        return "none"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else f"{MINUS}∞"
    return _with_minus(_write_apart(value, {other for other in beside if _is_finite(other)}, DECIMALS))


def format_score(value: float | None, beside: Iterable[float | None] = ()) -> str:
    """A reward, a threshold or a part of one: to two decimals, "0.33" and "1.00"; counts of things stay whole, "12".

    beside: numbers shown near it. It gets more digits where it would look like one of them, or like 0, and is not.
    """
    others = {other for other in beside if _is_finite(other)}
    if value is None or not math.isfinite(value):
        return format_number(value)
    numbers = {value, *others}
    if all(one == round(one) for one in numbers) and max(map(abs, numbers)) > 1:
        return format_number(value, others)
    text = _write_apart(value, {*others, 0.0}, REWARD_DECIMALS)
    if abs(value) >= THOUSAND or "e" in text:
        return _with_minus(text)
    whole, _, decimals = text.partition(".")
    return _with_minus(f"{whole}.{decimals:0<{REWARD_DECIMALS}}")


def _with_minus(text: str) -> str:
    """A number with the sign for minus in place of the hyphen that Python writes; exponents stay as they are."""
    return f"{MINUS}{text[1:]}" if text.startswith("-") else text


def _is_finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _write_apart(value: float, others: set[float], decimals: int) -> str:
    """A number with as many digits as tell it from the others, and from a whole number that it does not reach."""
    others = others - {value}
    if abs(value) < THOUSAND and round(value) > value:
        others.add(round(value))
    below = max((o for o in others if o < value), default=None)
    above = min((o for o in others if o > value), default=None)
    for more in range(_MORE_DIGITS):
        text = _write(value, decimals, more)
        if (below is None or _read(_write(below, decimals, more)) < _read(text)) and (
            above is None or _read(text) < _read(_write(above, decimals, more))
        ):
            return text
    return repr(float(value))


def _write(value: float, decimals: int, more: int) -> str:
    """A number with so many more digits than usual."""
    if value == 0:
        return "0"
    if not TINY_NUMBER <= abs(value) < HUGE:
        return f"{value:.{SIGNIFICANT + more}g}"
    text = f"{value:.{decimals + more}f}" if abs(value) < THOUSAND else f"{value:,.{more}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _read(text: str) -> float:
    return float(text.replace(",", ""))


def at_line(line: int | None, message: str) -> str:
    """An error of a source, after its line: "line 3: division by zero"; the message alone where the line is not known."""
    return message if line is None else f"line {line}: {message}"


def format_difference(value: float) -> str:
    """A difference of two scores with its sign, to two decimals, without the noise of binary fractions: "+0.42", "±0" for none."""
    size = float(f"{abs(value):.12g}") if abs(value) > _NOISE else 0.0
    return f"{'+' if value > 0 else MINUS}{format_score(size)}" if size else "\N{PLUS-MINUS SIGN}0"


def format_p(p: float) -> str:
    """Format a p-value: "0.011", "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004  # smaller ones say no more


def format_interval(low: float, high: float, *, signed: bool = False) -> str:
    """An interval of scores: "[0.23, 0.52]"; of differences, signed: "[+0.12, +0.50]"."""
    return f"[{_write_end(low, signed=signed)}, {_write_end(high, signed=signed)}]"


def _write_end(value: float, *, signed: bool) -> str:
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{format_score(abs(value))}"


def format_temperature(value: float) -> str:
    """A temperature, with at most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def format_run_id(run_id: str) -> str:
    """A run's id as a sentence names it, the first four characters of its last part: "7f3a"."""
    return run_id.rpartition("-")[2][:4]


def format_rollout(index: int) -> str:
    """What tells an attempt's calls apart where no temperature is sent: its index, as a rollout id."""
    return f"rollout {index}"


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


def format_seconds(value: float) -> str:
    """The same duration, to as many digits, in a column of seconds: "0.004", "1.2", "185"."""
    if round(value, 3) < 1:
        return f"{value:.3f}" if round(value, 3) > 0 else "<0.001"
    return f"{value:.1f}" if round(value, 1) < LONG_S else f"{value:.0f}"


def format_time(at: float) -> str:
    """A time of the epoch in this machine's zone, "2026-11-23 14:05"; "unknown time" for what no clock can show."""
    try:
        return f"{datetime.datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "unknown time"


def format_clock(at: float) -> str:
    """A time of today as "14:05", any other as `format_time` writes it."""
    text = format_time(at)
    day, _, clock = text.partition(" ")
    return clock if day == format_time(time.time()).partition(" ")[0] else text


def format_day(at: float, *, now: datetime.datetime | None = None) -> str:
    """When a run began, as short as it can be told: "14:32", "yesterday", "27 Nov", "2025-11-27"."""
    now = now or datetime.datetime.now().astimezone()
    try:
        then = datetime.datetime.fromtimestamp(at).astimezone(now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return "unknown"
    days = (now.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if days == 1:
        return "yesterday"
    return f"{then.day} {then:%b}" if then.year == now.year else f"{then:%Y-%m-%d}"


def format_cost(usd: float | None) -> str:
    """A cost: "free", "$0.0042", "under $0.0001"; "cost unknown" for None."""
    if usd is None:
        return "cost unknown"
    if usd == 0:
        return "free"
    return "under $0.0001" if usd < TINY_USD else f"${format_dollars(usd)}"


def format_estimate(usd: float | None) -> str:
    """What something will cost: "free", "about $0.0042"; "cost unknown" for None."""
    return f"about {format_cost(usd)}" if usd else format_cost(usd)


def format_dollars(usd: float) -> str:
    """The same cost, to as many digits, in a column of dollars: "0", "0.0042", "<0.0001"."""
    if usd == 0:
        return "0"
    if usd < TINY_USD:
        return "<0.0001"
    return f"{usd:.2f}" if usd >= TEN_CENTS else f"{usd:.2g}"


def format_amount(usd: float, *beside: float) -> str:
    """An amount of dollars in full, without an exponent: "$0.5", "$0.0000045". beside: as for `format_number`."""
    text = format_number(usd, beside)
    return f"${usd:.10f}".rstrip("0") if "e-" in text else f"${text}"


def format_tokens(sent: int | None, received: int | None) -> str:
    """Tokens of a call: "1,200 tokens in, 30 out"; "tokens unknown" where either is None."""
    if sent is None or received is None:
        return "tokens unknown"
    return f"{sent:,} {'token' if sent == 1 else 'tokens'} in, {received:,} out"


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of a text; "…" at the end stands for what is left out."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def pluralize(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: "1 attempt", "1,200 calls"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def join_words(words: Sequence[str]) -> str:
    """Words as a list in a sentence: "a", "a and b", "a, b and c"; "" for none."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
