"""A run in words: why it stopped, and what it took."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from refine_core.events import Fault, ParseFailed, RewardScored
from refine_core.log.timeline import Advice, Attempt, Call, Timeline, Usage
from refine_core.rewards.explain import SANDBOX

TINY, THOUSAND, HUGE = 1e-4, 1000, 1e7
LONG_S = 100.0


def number(value: float | None) -> str:
    """A reward or threshold as people write it: at most four decimals, in exponents only where it must be."""
    if value is None:
        return "none"
    if value != 0 and not TINY <= abs(value) < HUGE:
        return f"{value:.3g}"
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < THOUSAND else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A duration with its unit: "4 ms", "1.2 s", "3 min 5 s"; "unknown" for None."""
    if value is None:
        return "unknown"
    if round(value, 3) < 1:
        return f"{value * 1000:.0f} ms" if round(value, 3) > 0 else "under 1 ms"
    if round(value, 1) < LONG_S:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def resumed(line: Timeline) -> str:
    """What an interruption did to the run; "" where there was none."""
    if not line.resumed:
        return ""
    how_often = {1: "once", 2: "twice"}.get(line.resumed, f"{line.resumed} times")
    again = sorted({a.index + 1 for a in line.cut_off})
    redone = f"; attempt {', '.join(map(str, again))} was cut off and begun anew" if again else ""
    lost = sum(len(a.calls) for a in line.cut_off)
    paid = f", and {count(lost, 'call')} of its first try counted" if lost else ""
    return f"Interrupted and resumed {how_often}{redone}{paid}."


def moment(at: float) -> str:
    """A time of the epoch in this machine's zone, "2026-11-23 14:05"; "unknown time" for what no clock can show."""
    try:
        return f"{datetime.datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "unknown time"


def dollars(value: float | None) -> str:
    """A cost: "free", "$0.0042"; "cost unknown" for None."""
    if value is None:
        return "cost unknown"
    if value == 0:
        return "free"
    if value < TINY:
        return "under $0.0001"
    return f"${value:.2f}" if value >= 0.1 else f"${value:.2g}"  # noqa: PLR2004 - ten cents


def count(how_many: int, what: str, plural: str | None = None) -> str:
    """How many of what: "1 attempt", "3 attempts"."""
    return f"{how_many} {what if how_many == 1 else plural or what + 's'}"


def no_temperature(index: int) -> str:
    """What stands in place of a temperature where a model takes none: the rollout id that attempt `index` sends."""
    return f"no temperature; rollout {index}"


def fault(error: Fault) -> str:
    """An error in words: its message, led by its kind where a program's own code raised it."""
    return f"{error.type}: {error.message}" if error.blame == "code" else error.message


def unread(failed: ParseFailed) -> str:
    """What could not be read of a reply: "it has no field answer", "field confidence: not a number"."""
    if failed.missing:
        return f"it has no {'field' if len(failed.missing) == 1 else 'fields'} {', '.join(failed.missing)}"
    return "; ".join(f"field {name}: {why.rstrip('.')}" for name, why in failed.invalid.items())


def rules(attempt: Attempt) -> str:
    """How many validators, which are called rules on screen, the outputs failed: "", "rule not met", "2 rules not met"."""
    failed = len(attempt.unmet)
    return "" if not failed else "rule not met" if failed == 1 else f"{failed} rules not met"


def refusals(scored: RewardScored) -> list[str]:
    """What the sandbox refused to the reward, a sentence each; [] where it refused nothing, or the reward failed of it."""
    if not scored.refusals:
        return []
    return [
        "The sandbox refused something, and the reward went on without it:",
        *(f"{refusal[:1].upper()}{refusal[1:]}." for refusal in scored.refusals),
        SANDBOX,
    ]


def why_failed(attempt: Attempt) -> str:
    """The error that ended an attempt; "" where none did. Of replies that could not be read, what each of them lacked."""
    if attempt.error is None:
        return ""
    run = next((run for run in attempt.predictors if run.error == attempt.error), None)
    told = _unread_replies(f"the reply of {run.name}", run.calls, attempt.error) if run is not None else ""
    return told or fault(attempt.error)


def why_no_advice(advice: Advice) -> str:
    """The error that kept advice from coming, and what to do where the adviser could not do as it was asked; "" for none."""
    if advice.error is None:
        return ""
    if told := _unread_replies("the adviser's reply", advice.calls, advice.error):
        return f"{told}. A larger model may be a better adviser; the next attempt goes on with the hints that it has."
    return fault(advice.error)


def _unread_replies(whose: str, calls: Iterable[Call], error: Fault) -> str:
    """What replies lacked that could not be read; "" where something else was wrong."""
    whys = [unread(call.parse_failed) for call in calls if call.parse_failed]
    if not whys or error.type != "ParseError":
        return ""
    second = f". Nor could the second, asked for as JSON: {whys[1]}" if len(whys) > 1 else ""
    return f"{whose} could not be read: {whys[0]}{second}"


def why_stopped(
    line: Timeline, *, alive: bool = True, because: str = "the app ended before the run did"
) -> str:
    """One sentence: why the run ended, or where it stands.

    alive: whether it still runs. because: if not, and it has no end, why; "" where that is said elsewhere.
    """
    made, end = len(line.attempts), line.finished
    if end is None:
        return _where_it_stands(line) if alive else _where_it_broke_off(line, because)
    best = (
        ""
        if end.best is None
        else f" Best: attempt {end.best + 1} with reward {_fell_short(line, end.best)}{_rules(line, end.best)}."
    )
    threshold = number(line.spec.threshold)
    match end.reason:
        case "cancelled" if _advising(line):
            return f"Cancelled while advice was asked for, after attempt {made}.{best}"
        case "threshold_reached":
            index = end.returned or 0
            return f"Stopped at attempt {index + 1}: reward {number(_reward(line, index))} ≥ threshold {threshold}."
        case "attempts_used_up" if end.returned is not None:
            aim = (
                "no threshold was set"
                if line.spec.threshold is None
                else f"none reached the threshold {threshold}"
                + (" with every rule met" if any(a.unmet for a in line.attempts) else "")
            )
            rules = _rules(line, end.returned)
            if len(line.temperatures) == 1:
                return (
                    f"The one attempt was made; its reward is {number(_reward(line, end.returned))}{rules}."
                )
            failed = sum(a.state == "failed" for a in line.attempts)
            lost = f" {count(failed, 'attempt')} failed; last error: {_error(line)}" if failed else ""
            return f"All {count(made, 'attempt')} made; {aim}.{lost} Returned the best: attempt {end.returned + 1} with reward {_fell_short(line, end.returned)}{rules}."
        case "too_many_failures":
            failed = sum(a.state == "failed" for a in line.attempts)
            tolerated = len(line.temperatures) if line.spec.fail_count is None else line.spec.fail_count
            return f"Gave up after attempt {made}: {count(failed, 'attempt')} failed, and {tolerated} may. Last error: {_error(line)}{best}"
        case "budget_used_up":
            spent = end.error.message if end.error is not None else "The budget is used up."
            during = f" during attempt {made}" if end.returned is None else ""
            return f"Stopped by its budget{during}. {spent} {_returned(line)}"
        case "recording_ended":
            said = end.error.message if end.error is not None else "The recording ends here."
            return f"{said} {_returned(line)}" if made else said
        case "every_attempt_failed":
            return f"Every attempt failed. Last error: {_error(line)}"
        case "cancelled":
            return (
                f"Cancelled during attempt {made}.{best}" if made else "Cancelled before the first attempt."
            )
        case _:
            return f"Stopped by an error: {fault(end.error) if end.error else 'unknown'}{best}"


def who_asks(line: Timeline, call: Call) -> str:
    """On whose behalf a model is asked: "Attempt 2, answer", "Advice after attempt 2"."""
    index = next(
        (a.index for a in line.attempts if call in (*a.calls, *(a.advice.calls if a.advice else ()))), 0
    )
    who = {"advice": "Advice after attempt", "judge": "The judge, in attempt"}.get(call.purpose, "Attempt")
    run = next((r for a in line.attempts for r in a.predictors if call in r.calls), None)
    return f"{who} {index + 1}" + (f", {run.name}" if run is not None else "")


def _where_it_broke_off(line: Timeline, because: str) -> str:
    """A run without an end, and without anybody who works at it."""
    made = len(line.attempts)
    why = f": {because}" if because else ""
    if not made:
        return f"Interrupted before the first attempt{why}."
    when = f"during attempt {made}"
    if line.attempts[-1].state in ("scored", "failed"):
        when = f"after attempt {made}"
    if _advising(line):
        when = f"while advice was asked for, after attempt {made}"
    return f"Interrupted {when}{why}." + (" Everything recorded until then is here." if because else "")


def _where_it_stands(line: Timeline) -> str:
    """A run under way."""
    made = len(line.attempts)
    if _advising(line):
        return f"Asking for advice after attempt {made} of {len(line.temperatures)}."
    return f"Running attempt {made} of {len(line.temperatures)}." if made else "Starting."


def what_it_took(line: Timeline) -> str:
    """What was spent: "4 attempts, 3 requests for advice, 11 calls, 9.2 s, $0.004"; unknown cost is said to be so."""
    advice = sum(a.advice is not None for a in line.attempts)
    usage = line.usage
    parts = [count(len(line.attempts), "attempt")]
    if line.spec.strategy == "refine":
        parts.append(count(advice, "request for advice", "requests for advice"))
    parts.append(count(usage.calls, "call") + _free(line, usage))
    if line.finished is not None:
        parts.append(seconds(line.finished.took_s))
    if usage.prompt_tokens is not None and usage.completion_tokens is not None:
        tokens = usage.prompt_tokens + usage.completion_tokens
        parts.append(f"{tokens:,} tokens{_spent_before(usage)}")
    if usage.calls:
        parts.append(dollars(0.0 if _replay(line) else usage.cost_usd))
    return ", ".join(parts)


def _replay(line: Timeline) -> bool:
    """Whether every model of the run is a recording, so that nothing of it can have cost anything."""
    spec = line.spec
    return all(one is None or one.kind == "replay" for one in (spec.model, spec.adviser, spec.judge))


def _free(line: Timeline, usage: Usage) -> str:
    """How many of the calls cost nothing because they were not made; "" where all were."""
    if not usage.free:
        return ""
    how = "replayed" if line.spec.model.kind == "replay" else "from memory"
    return f" ({'all' if usage.free == usage.calls else usage.free} {how})"


def _spent_before(usage: Usage) -> str:
    """What to say of tokens that calls from memory, or replayed ones, took when they were made."""
    if not usage.free:
        return ""
    return " (none of them now)" if usage.free == usage.calls else " (those from memory included)"


def _reward(line: Timeline, index: int) -> float | None:
    return next((a.reward for a in line.attempts if a.index == index), None)


def _returned(line: Timeline) -> str:
    """What a run gave back that was stopped before its loop came to its end."""
    index = line.finished.returned if line.finished is not None else None
    if index is None:
        return "No attempt has a reward yet."
    return (
        f"Returned the best: attempt {index + 1} with reward {_fell_short(line, index)}{_rules(line, index)}."
    )


def _rules(line: Timeline, index: int) -> str:
    """Which validators an attempt failed, to follow its reward; "" where it met them all."""
    names = next((list(a.unmet) for a in line.attempts if a.index == index), [])
    return f", {'rule' if len(names) == 1 else 'rules'} not met: {', '.join(names)}" if names else ""


def _advising(line: Timeline) -> bool:
    """Whether the last thing begun is a request for advice that has not been answered."""
    last = line.attempts[-1] if line.attempts else None
    asked = last.advice if last is not None else None
    return asked is not None and asked.given is None and asked.error is None


def _fell_short(line: Timeline, index: int) -> str:
    """A reward below the threshold, with as many digits as it takes to look below it."""
    reward, threshold = _reward(line, index), line.spec.threshold
    return repr(reward) if reward != threshold and number(reward) == number(threshold) else number(reward)


def _error(line: Timeline) -> str:
    message = next((why_failed(a) for a in reversed(line.attempts) if a.error), "unknown")
    return message if message.rstrip('"').endswith((".", "!", "?")) else f"{message}."
