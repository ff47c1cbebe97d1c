"""Advice: the checks in the reward's source are compared with the trajectory, and one module is blamed.

    find_checks(reward_code) -> those that the outputs fail -> the module that produced the field -> its advice

It reasons as a hurried reader does: it takes the first failed check and blames the module that produced the field. It blames an
earlier module only for a visible reason, such as a gap left in the text. So it is mostly right, and sometimes wrong: at a
temperature above 0 now and then for no reason, and at any temperature if the module at fault leaves no trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from refine_core.hints import NO_HINT
from refine_core.practice import things
from refine_core.practice.outputs import as_text
from refine_core.practice.request import Request
from refine_core.practice.reward_checks import TRUTHS, Check, find_checks
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.wishes import is_satisfied, read_wishes

MAX_QUOTE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Step:
    """One call in the trajectory."""

    module: str
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Case:
    """The attempt, as the prompt describes it.

    passed, failed: the reward's checks. feedback: the reward's.
    """

    modules: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, object]
    passed: tuple[Check, ...]
    failed: tuple[Check, ...]
    reward: str
    target: str
    feedback: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The module that is blamed, the reason, and its advice."""

    module: str
    because: str
    advice: str


def is_advice_request(request: Request) -> bool:
    """Whether a prompt asks for advice on a program, judged by its fields."""
    return {"discussion", "advice"} <= {o.name for o in request.outputs} and "module_names" in request.inputs


def write_advice(request: Request, draw: Draw) -> dict[str, object]:
    """The discussion, and the advice with an entry for each module."""
    case = _read_case(request.inputs)
    if not case.modules:
        return {"discussion": "The prompt names no module.", "advice": {}}
    verdict = draw.choose(_verdicts(case))
    advice = dict.fromkeys(case.modules, NO_HINT) | {verdict.module: verdict.advice}
    values: dict[str, object] = {"discussion": _discussion(case, verdict), "advice": advice}
    return {o.name: values.get(o.name, "") for o in request.outputs}


def _read_case(inputs: Mapping[str, str]) -> Case:
    names = _parse_json(inputs.get("module_names", ""))
    modules = tuple(str(n) for n in names) if isinstance(names, list) else ()
    rows = _parse_json(inputs.get("program_trajectory", ""))
    steps = tuple(
        Step(str(row.get("module_name", "")), _as_mapping(row.get("inputs")), _as_mapping(row.get("outputs")))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )
    outputs = {name: value for step in steps for name, value in step.outputs.items()}
    outputs |= _as_mapping(_parse_json(inputs.get("program_outputs", "")))
    all_checks = find_checks(
        inputs.get("reward_code", ""), _as_mapping(_parse_json(inputs.get("program_inputs", "")))
    )
    all_checks = tuple(fitting for check in all_checks if (fitting := _fit(check, outputs)) is not None)
    results = [(check, _passes(check, outputs)) for check in all_checks]
    reward, _, rest = inputs.get("reward_value", "").partition("\n")
    feedback = inputs.get("reward_feedback", "") or rest.partition(":")[2].strip() or rest.strip()
    return Case(
        modules,
        steps,
        outputs,
        tuple(check for check, passes in results if passes),
        tuple(check for check, passes in results if passes is False),
        reward.strip(),
        inputs.get("target_threshold", "").strip(),
        feedback.strip(),
    )


def _fit(check: Check, outputs: Mapping[str, object]) -> Check | None:
    """The check in the words for the type of its field's value; None for one of no field, or one that says nothing of such a value."""
    if check.field is None:
        return check
    if check.field not in outputs:
        return None
    value = outputs[check.field]
    if check.wish in TRUTHS and not isinstance(value, bool):
        return None
    if isinstance(value, (list, dict)):
        return replace(check, wish=re.sub(r"\bcharacter(s?)\b", r"item\1", check.wish))
    return check


def _passes(check: Check, outputs: Mapping[str, object]) -> bool | None:
    """Whether the outputs pass a check; None if it cannot be measured."""
    wishes = read_wishes(check.wish)
    if not wishes:
        return None
    shown = [outputs[check.field]] if check.field else list(outputs.values())
    return any(is_satisfied(as_text(value), wishes) for value in shown)


def _verdicts(case: Case) -> list[Candidate[Verdict]]:
    """The possible verdicts, weighed: the module that produced the field, one that dropped what it needs, a guess."""
    verdicts: list[Candidate[Verdict]] = []
    for rank, check in enumerate(case.failed[:3]):
        producer = _find_producer(case, check.field)
        shown = case.outputs.get(check.field or "", "")
        evidence = f"`{check.field}` = {_quote(shown)}" if check.field else "the output"
        because = f"the reward looks at `{check.code}` (line {check.line}), and {evidence} does not meet it"
        verdicts.append(
            Candidate(Verdict(producer, because, _write_hint(case, check, producer)), 2.4 - 0.9 * rank)
        )
        if upstream := _find_upstream(case, check, producer):
            step, thing = upstream
            field = next(iter(step.outputs), "your output")
            gap = things.GAP.search(as_text(shown))
            because += (
                f"; but `{producer}` was never given the {thing.name}"
                + (f", which is why it wrote {gap.group()}" if gap else "")
                + f": `{step.module}` had it among its inputs and left it out of `{field}`"
            )
            advice = f"In `{field}`, list the {thing.name} exactly as the input has it.{_write_reminder(case, step)}"
            verdicts.append(
                Candidate(Verdict(step.module, because, advice), 1.4 - 0.9 * rank + (2.4 if gap else 0.0))
            )
    if not case.failed:
        verdicts.append(Candidate(_from_feedback(case), 2.0))
    last, careful = case.modules[-1], "Work more carefully, and in more detail."
    guess = "Read the inputs again and be more careful and complete."
    verdicts.append(Candidate(Verdict(last, f"`{last}` speaks last and may have been careless", guess), -0.2))
    verdicts += [
        Candidate(Verdict(module, f"all that follows builds on `{module}`", careful), -0.6)
        for module in case.modules[:-1]
    ]
    return verdicts


def _write_hint(case: Case, check: Check, producer: str) -> str:
    """The hint for the module: what to change, and what to keep."""
    outputs = next((step.outputs for step in reversed(case.steps) if step.module == producer), {})
    is_one_of_several = len([name for name in outputs if name != "reasoning"]) > 1
    own = [one for one in case.passed if one.field == check.field or one.field in outputs]
    first, *others = dict.fromkeys(
        f"`{one.field}`: {_lower_first(one.wish)}" if is_one_of_several and one.field else one.wish
        for one in (check, *own)
    )
    return " ".join([first, *(f"Keep to this: {_lower_first(one)}" for one in others)])


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _write_reminder(case: Case, step: Step) -> str:
    """What the blamed module already passes on and others need, as a sentence of its hint."""
    shown = as_text(dict(step.outputs))
    passed_on = [t for check in case.passed for t in things.find_named(check.wish) if t.named_in(shown) == 1]
    return "".join(dict.fromkeys(f" Keep to this: list the {thing.name} as well." for thing in passed_on))


def _find_producer(case: Case, field: str | None) -> str:
    """The module that produced a field, the last one if several did."""
    producers = [step.module for step in case.steps if field in step.outputs and step.module in case.modules]
    return producers[-1] if producers else case.modules[-1]


def _find_upstream(case: Case, check: Check, producer: str) -> tuple[Step, things.Thing] | None:
    """The step that had the thing that the producer lacked, and did not pass it on."""
    inputs = next((as_text(dict(step.inputs)) for step in case.steps if step.module == producer), "")
    for thing in things.find_named(check.wish):
        if thing.find(inputs):
            continue
        for step in case.steps:
            received, passed_on = as_text(dict(step.inputs)), as_text(dict(step.outputs))
            if (
                step.module != producer
                and step.module in case.modules
                and thing.find(received)
                and not thing.find(passed_on)
            ):
                return step, thing
    return None


def _from_feedback(case: Case) -> Verdict:
    """Advice where the source has nothing to measure: from the reward's feedback, else from the field's name."""
    producer = case.modules[-1]
    if case.feedback:
        return Verdict(
            producer,
            f'the reward says "{case.feedback[:200]}"',
            f"Fix what the reward complains of: {case.feedback[:300]}",
        )
    field = next(reversed(list(case.outputs)), "answer")
    return Verdict(
        producer,
        f"the reward's source does not tell what `{field}` lacks",
        f"Make `{field}` short and exact, with nothing else around it.",
    )


def _discussion(case: Case, verdict: Verdict) -> str:
    course = " ".join(
        f"`{step.module}` turned {', '.join(f'`{name}`' for name in step.inputs) or 'nothing'} into "
        f"{', '.join(f'`{name}` {_quote(value)}' for name, value in step.outputs.items()) or 'nothing'}."
        for step in case.steps[:6]
    )
    holds = "; ".join(dict.fromkeys(check.wish.rstrip(".") for check in case.passed))
    quote = f' It says: "{case.feedback[:200]}".' if case.feedback else ""
    target = f", and {case.target} is wanted" if case.target not in {"", "null", "None"} else ""
    return (
        f"The reward is {case.reward or 'unknown'}{target}.{quote} {course} To my eye {verdict.because}. "
        f"So `{verdict.module}` should change.{f' What already holds: {holds}.' if holds else ''}"
    )


def _quote(value: object) -> str:
    text = as_text(value)
    short = text if len(text) <= MAX_QUOTE_CHARS else f"{text[:MAX_QUOTE_CHARS].rstrip()} …"
    return json.dumps(short, ensure_ascii=False)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
