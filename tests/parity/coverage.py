"""Which branches a script went through, in words; and all that a thousand scripts must go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.parity import scripts as made
from tests.parity.play import ADVICE, AS_JSON, MARKERS
from tests.parity.running import MODELS
from tests.parity.scripts import Script
from tests.parity.sides import Outcomes

ENDINGS = (
    "ends at the threshold, at once",
    "ends at the threshold, later",
    "ends with its attempts used up",
    "ends with failures after some reward",
    "ends with failures alone",
    "is refused",
)
BRANCHES = (
    "several calls of one refiner",
    "a tie for the best",
    "a failed attempt, and a later one that is scored",
    "advice given",
    "advice failed",
    "advice from a JSON fallback",
    "old hints kept in force after advice failed",
    "a predictor's JSON fallback",
    "a first temperature that is in the schedule",
    "no outer trace",
    "no threshold, refine",
    "no threshold, best_of_n",
)


def expected() -> set[str]:
    """Everything that must occur."""
    replies = {
        **{
            f"{who} {how}: {kind}": None
            for who in ("reply",)
            for how in (MARKERS, AS_JSON)
            for kind in made.BAD
        },
        **{f"reply {how}: {kind}": None for how in (MARKERS, AS_JSON) for kind in ("good", *made.ODD)},
        **{f"advice {how}: {kind}": None for how in (MARKERS, AS_JSON) for kind in made.BAD_ADVICE},
        **{
            f"advice {how}: {kind}": None for how in (MARKERS, AS_JSON) for kind in ("good", *made.ODD_ADVICE)
        },
    }
    return {
        *ENDINGS,
        *BRANCHES,
        *replies,
        *(f"program: {shape}" for shape in (*made.PLAIN_SHAPES, *made.RARE_SHAPES)),
        *(f"models: {model}" for model in MODELS),
        *(f"adapter: {adapter}" for adapter in (None, "chat", "json", "a user's own")),
        *(f"N: {n}" for n in range(8)),
        *(f"fail_count: {count}" for count in (None, -1, 0, 1, 2, "N")),
        *(f"T0: {first}" for first in (None, "missing", "a number")),
        *(
            f"reward: {kind}"
            for kind in ("int", "float", "bool", "raises", "spoils its inputs", *made.ODD_REWARDS)
        ),
    }


def classes(script: Script, outcomes: Outcomes) -> set[str]:
    """What this script went through."""
    found = {
        f"program: {script['shape']}",
        f"models: {script['model']}",
        f"adapter: {script['adapter']}",
        f"N: {script['N']}",
        f"fail_count: {script['fail_count']}",
    }
    if script["fail_count"] == script["N"]:
        found.add("fail_count: N")
    first = script["temperatures"]["global"]
    found.add(f"T0: {first if isinstance(first, (str, type(None))) else 'a number'}")
    if script["N"] > 1 and first in [0.5 + i * (0.5 / script["N"]) for i in range(script["N"])]:
        found.add("a first temperature that is in the schedule")
    if "refused" in outcomes[0]:
        return found | {"is refused"}
    if len(outcomes) > 1:
        found.add("several calls of one refiner")
    if not script["outer_trace"]:
        found.add("no outer trace")
    if script["threshold"] is None:
        found.add(f"no threshold, {script['strategy']}")
    for call in outcomes:
        found.add(_ending(script, call))
        found.update(_rewards(call["scored"]))
        found.update(_asked(call["asked"]))
        if _kinds(call["scored"])[:-1].count("raises") and "returned" in call:
            found.add("a failed attempt, and a later one that is scored")
    return found


def _ending(script: Script, call: dict[str, Any]) -> str:
    scored = [value for value in _kinds(call["scored"]) if not isinstance(value, str)]
    if "raised" in call:
        return "ends with failures after some reward" if scored else "ends with failures alone"
    if script["threshold"] is not None and scored and scored[-1] >= script["threshold"]:
        return f"ends at the threshold, {'at once' if len(call['scored']) == 1 else 'later'}"
    return "ends with its attempts used up"


def _kinds(scored: Sequence[dict[str, Any]]) -> list[Any]:
    return [one["given"] for one in scored]


def _rewards(scored: Sequence[dict[str, Any]]) -> Iterator[str]:
    given = _kinds(scored)
    yield from (f"reward: {value if isinstance(value, str) else type(value).__name__}" for value in given)
    numbers = [value for value in given if not isinstance(value, str)]
    if numbers and numbers.count(max(numbers)) > 1:
        yield "a tie for the best"


def _asked(asked: Sequence[dict[str, Any]]) -> Iterator[str]:
    given = False
    for i, one in enumerate(asked):
        after = asked[i + 1] if i + 1 < len(asked) else None
        about = "advice" if one["who"] == ADVICE else "reply"
        yield f"{about} {one['how']}: {one['said']}"
        if (
            one["how"] == AS_JSON
            and i
            and asked[i - 1]["how"] == MARKERS
            and asked[i - 1]["who"] == one["who"]
        ):
            yield "advice from a JSON fallback" if about == "advice" else "a predictor's JSON fallback"
        if about == "advice" and not (after and after["who"] == ADVICE):
            failed = one["said"] in made.BAD_ADVICE
            yield "advice failed" if failed else "advice given"
            if failed and given and after and after["hint"]:
                yield "old hints kept in force after advice failed"
            given = given or not failed
