"""Advice: what the reward's source asks for, held against the trajectory, and one module or other blamed.

    checks(reward_code) -> those that the outputs do not meet -> who made that field -> what to tell it

It reasons as a hurried reader does: from the first unmet check, to whoever made the field. It looks further up only for
a reason that can be seen, such as a gap left open in the text. So it is mostly right, and sometimes wrong: at a
temperature above 0 now and then for no reason, and at any temperature where the culprit leaves no trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refine_core.hints import NO_HINT
from refine_core.practice import things
from refine_core.practice.answer import as_text
from refine_core.practice.reading import Ask
from refine_core.practice.rewardcode import Check, checks, wordlist
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.wishes import satisfied, understand

_LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Step:
    """One call in the trajectory."""

    module: str
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Case:
    """What the prompt tells of the attempt. met, unmet: the reward's checks. says: the reward's own words. wordlist: words in its lists."""

    modules: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, object]
    met: tuple[Check, ...]
    unmet: tuple[Check, ...]
    reward: str
    target: str
    says: str
    wordlist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is blamed, why, and what it is told."""

    module: str
    because: str
    advice: str


def asks_for_advice(ask: Ask) -> bool:
    """Whether a prompt asks for advice on a program, told by its fields."""
    return {"discussion", "advice"} <= {o.name for o in ask.outputs} and "module_names" in ask.inputs


def advised(ask: Ask, draw: Draw) -> dict[str, object]:
    """The discussion, and one entry a module in the advice."""
    case = _case(ask.inputs)
    if not case.modules:
        return {"discussion": "The prompt names no module, so there is nobody to advise.", "advice": {}}
    verdict = draw.choose(_verdicts(case))
    advice = dict.fromkeys(case.modules, NO_HINT) | {verdict.module: verdict.advice}
    values: dict[str, object] = {"discussion": _discussion(case, verdict), "advice": advice}
    return {o.name: values.get(o.name, "") for o in ask.outputs}


def _case(given: Mapping[str, str]) -> Case:
    names = _json(given.get("module_names", ""))
    modules = tuple(str(n) for n in names) if isinstance(names, list) else ()
    rows = _json(given.get("program_trajectory", ""))
    steps = tuple(
        Step(str(row.get("module_name", "")), _mapping(row.get("inputs")), _mapping(row.get("outputs")))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )
    outputs = {name: value for step in steps for name, value in step.outputs.items()}
    outputs |= _mapping(_json(given.get("program_outputs", "")))
    asked = checks(given.get("reward_code", ""), _mapping(_json(given.get("program_inputs", ""))))
    asked = tuple(check for check in asked if check.field is None or check.field in outputs)
    held = [(check, _holds(check, outputs)) for check in asked]
    reward, _, says = given.get("reward_value", "").partition("\n")
    says = given.get("reward_feedback", "") or says.partition(":")[2].strip() or says.strip()
    return Case(
        modules,
        steps,
        outputs,
        tuple(check for check, holds in held if holds),
        tuple(check for check, holds in held if holds is False),
        reward.strip(),
        given.get("target_threshold", "").strip(),
        says.strip(),
        wordlist(given.get("reward_code", "")),
    )


def _holds(check: Check, outputs: Mapping[str, object]) -> bool | None:
    """Whether the outputs meet a check; None where the words cannot be measured."""
    wishes = understand(check.wish)
    if not wishes:
        return None
    shown = [outputs[check.field]] if check.field else list(outputs.values())
    return any(satisfied(as_text(value), wishes) for value in shown)


def _verdicts(case: Case) -> list[Candidate[Verdict]]:
    """Who might be to blame, weighed: the maker of the field, whoever dropped what it needs, a guess."""
    found: list[Candidate[Verdict]] = []
    for rank, check in enumerate(case.unmet[:3]):
        maker = _maker(case, check.field)
        because = f"the reward looks at `{check.code}` (line {check.line}), and {_evidence(case, check)} does not meet it"
        found.append(Candidate(Verdict(maker, because, _told(case, check, maker)), 2.4 - 0.9 * rank))
        if upstream := _upstream(case, check, maker):
            step, thing = upstream
            field = next(iter(step.outputs), "your output")
            gap = things.GAP.search(_shown(case, check))
            because += (
                f"; but `{maker}` was never given the {thing.name}"
                + (f", which is why it wrote {gap.group()}" if gap else "")
                + f": `{step.module}` had it among its inputs and left it out of `{field}`"
            )
            advice = f"In `{field}`, list the {thing.name} exactly as the input has it.{_keep(case, step)}"
            found.append(
                Candidate(Verdict(step.module, because, advice), 1.4 - 0.9 * rank + (2.4 if gap else 0.0))
            )
    if not case.unmet:
        found.append(Candidate(_from_words(case), 2.0))
    last = case.modules[-1]
    found.append(
        Candidate(
            Verdict(
                last,
                f"`{last}` speaks last and may have been careless",
                "Read the inputs again and be more careful and complete.",
            ),
            -0.2,
        )
    )
    careful = "Work more carefully, and in more detail."
    found.extend(
        Candidate(Verdict(module, f"all that follows builds on `{module}`", careful), -0.6)
        for module in case.modules[:-1]
    )
    return found


def _told(case: Case, check: Check, maker: str) -> str:
    """The hint for the maker: what to do now, and what it must not lose while doing it."""
    outputs = next((step.outputs for step in reversed(case.steps) if step.module == maker), {})
    several = len([name for name in outputs if name != "reasoning"]) > 1
    own = [one for one in case.met if one.field == check.field or one.field in outputs]
    wishes = dict.fromkeys(_scoped(one, several) for one in (check, *own))
    first, *kept = wishes
    return " ".join([first, *(f"Keep to this: {_lower(one)}" for one in kept)])


def _scoped(check: Check, several: bool) -> str:
    return f"`{check.field}`: {_lower(check.wish)}" if several and check.field else check.wish


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _keep(case: Case, step: Step) -> str:
    """What the blamed module already passes on and others need."""
    shown = as_text(dict(step.outputs))
    kept = [t for check in case.met for t in things.called(check.wish) if t.named_in(shown) == 1]
    return "".join(dict.fromkeys(f" Keep to this: list the {thing.name} as well." for thing in kept))


def _maker(case: Case, field: str | None) -> str:
    """The module that made a field, the last if several did."""
    made = [step.module for step in case.steps if field in step.outputs and step.module in case.modules]
    return made[-1] if made else case.modules[-1]


def _upstream(case: Case, check: Check, maker: str) -> tuple[Step, things.Thing] | None:
    """The step that had the thing which the maker lacked, and did not pass it on."""
    inputs = next((as_text(dict(step.inputs)) for step in case.steps if step.module == maker), "")
    for thing in things.called(check.wish):
        if thing.find(inputs):
            continue
        for step in case.steps:
            had, gave = as_text(dict(step.inputs)), as_text(dict(step.outputs))
            if (
                step.module != maker
                and step.module in case.modules
                and thing.find(had)
                and not thing.find(gave)
            ):
                return step, thing
    return None


def _from_words(case: Case) -> Verdict:
    """Advice where the source tells nothing that can be measured: from the reward's words, else from the field's name."""
    maker = case.modules[-1]
    if case.says:
        return Verdict(
            maker,
            f'the reward says "{case.says[:200]}"',
            f"Mend what the reward complains of: {case.says[:300]}",
        )
    field = next(reversed(list(case.outputs)), "answer")
    if case.wordlist:
        wanted = ", ".join(f'"{word}"' for word in case.wordlist[:4])
        return Verdict(maker, f"the reward looks for words such as {wanted}", f"Mention {wanted}.")
    return Verdict(
        maker,
        f"the reward's source does not tell what `{field}` lacks",
        f"Make `{field}` short and exact, with nothing else around it.",
    )


def _discussion(case: Case, verdict: Verdict) -> str:
    course = " ".join(
        f"`{step.module}` turned {_names(step.inputs)} into {_quoted(step.outputs)}."
        for step in case.steps[:6]
    )
    ok = (
        f" What already holds: {'; '.join(dict.fromkeys(c.wish.rstrip('.') for c in case.met))}."
        if case.met
        else ""
    )
    says = f' It says: "{case.says[:200]}".' if case.says else ""
    target = f", and {case.target} is wanted" if case.target not in {"", "null", "None"} else ""
    return (
        f"The reward is {case.reward or 'unknown'}{target}.{says} {course} To my eye {verdict.because}. "
        f"So `{verdict.module}` should change.{ok}"
    )


def _evidence(case: Case, check: Check) -> str:
    shown = _shown(case, check)
    return (
        f"`{check.field}` = {json.dumps(_short(shown), ensure_ascii=False)}" if check.field else "the output"
    )


def _shown(case: Case, check: Check) -> str:
    return as_text(case.outputs.get(check.field or "", ""))


def _names(values: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in values) or "nothing"


def _quoted(values: Mapping[str, object]) -> str:
    return (
        ", ".join(f"`{n}` {json.dumps(_short(as_text(v)), ensure_ascii=False)}" for n, v in values.items())
        or "nothing"
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE].rstrip()} …"


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        found: Sequence[str] = re.findall(r"«([^»]+)»", text)  # a list of texts as the chat format numbers it
        return list(found)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
