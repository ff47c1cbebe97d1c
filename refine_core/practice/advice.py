"""Advice: what the reward pays for is compared with the outputs, and one module is blamed.

    find_checks(reward_code) -> those that the outputs fail -> the module that produced the field -> its advice

It reasons as a hurried reader does: it takes the first failed check and blames the module that produced the field. It blames an
earlier module only for a visible reason, such as a gap left in the text. So it is mostly right, and sometimes wrong: at a
temperature above 0 now and then for no reason, and at any temperature if the module at fault leaves no trace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from refine_core.hints import NO_HINT
from refine_core.practice import things
from refine_core.practice.outputs import as_text
from refine_core.practice.request import Request
from refine_core.practice.reward_reading import Check, find_checks
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.wishes import is_satisfied, read_wishes

MAX_QUOTE_CHARS = 160


class Step(NamedTuple):
    """One call in the trajectory."""

    module: str
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]


class Verdict(NamedTuple):
    """The module that is blamed, the reason, and its advice."""

    module: str
    because: str
    advice: str


def is_advice_request(request: Request) -> bool:
    """Whether a prompt asks for advice on a program, judged by its fields."""
    return {"discussion", "advice"} <= {o.name for o in request.outputs} and "module_names" in request.inputs


def write_advice(request: Request, draw: Draw) -> dict[str, object]:
    """The discussion, and the advice with an entry for each module."""
    case = _Case(request.inputs)
    verdict = draw.choose(case.verdicts())
    advice = dict.fromkeys(case.modules, NO_HINT) | {verdict.module: verdict.advice}
    return {"discussion": case.discuss(verdict), "advice": advice}


class _Case:
    """The attempt, as the prompt describes it. passed, failed: the reward's checks."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.modules: list[str] = _read_json(texts.get("module_names"), []) or [""]
        self.steps = [
            Step(row["module_name"], row["inputs"], row["outputs"])
            for row in _read_json(texts.get("program_trajectory"), [])
        ]
        self.outputs: dict[str, object] = {k: v for step in self.steps for k, v in step.outputs.items()}
        self.outputs |= _read_json(texts.get("program_outputs"), {})
        self.passed: list[Check] = []
        self.failed: list[Check] = []
        for check in find_checks(texts.get("reward_code", ""), self.outputs):
            is_met = is_satisfied(as_text(self.outputs[check.field]), read_wishes(check.wish))
            (self.passed if is_met else self.failed).append(check)
        self.reward, _, rest = texts.get("reward_value", "").partition("\n")
        self.feedback = texts.get("reward_feedback", "") or rest.partition(":")[2].strip() or rest.strip()
        self.target = texts.get("target_threshold", "")

    def verdicts(self) -> list[Candidate[Verdict]]:
        """The possible verdicts, weighed: the module that produced the field, one that dropped what it needs, a guess."""
        verdicts: list[Candidate[Verdict]] = []
        for rank, check in enumerate(self.failed[:3]):
            producer = self._find_producer(check.field)
            shown = self.outputs[check.field]
            because = f"the reward looks at `{check.code}` (line {check.line}), and `{check.field}` = {_quote(shown)} does not meet it"
            verdicts.append(
                Candidate(Verdict(producer, because, self._write_hint(check, producer)), 2.4 - 0.9 * rank)
            )
            for step, thing in self._find_upstream(check, producer):
                field, gap = next(iter(step.outputs), "your output"), things.GAP.search(as_text(shown))
                because += (
                    f"; but `{producer}` was never given the {thing.name}"
                    + (f", which is why it wrote {gap.group()}" if gap else "")
                    + f": `{step.module}` had it among its inputs and left it out of `{field}`"
                )
                advice = f"In `{field}`, list the {thing.name} exactly as the input has it.{self._write_reminder(step)}"
                verdicts.append(
                    Candidate(Verdict(step.module, because, advice), 1.4 - 0.9 * rank + (2.4 if gap else 0.0))
                )
        last = self.modules[-1]
        if not self.failed:
            verdicts.append(Candidate(self._answer_feedback(last), 2.0))
        guess = "Read the inputs again and be more careful and complete."
        verdicts.append(
            Candidate(Verdict(last, f"`{last}` speaks last and may have been careless", guess), -0.2)
        )
        careful = "Work more carefully, and in more detail."
        verdicts += [
            Candidate(Verdict(one, f"all that follows builds on `{one}`", careful), -0.6)
            for one in self.modules[:-1]
        ]
        return verdicts

    def _write_hint(self, check: Check, producer: str) -> str:
        """The hint for the module: what to change, and what to keep."""
        outputs = next((step.outputs for step in reversed(self.steps) if step.module == producer), {})
        is_one_of_several = len([name for name in outputs if name != "reasoning"]) > 1
        own = [one for one in self.passed if one.field == check.field or one.field in outputs]
        first, *others = dict.fromkeys(
            f"`{one.field}`: {_lower_first(one.wish)}" if is_one_of_several else one.wish
            for one in (check, *own)
        )
        return " ".join([first, *(f"Keep to this: {_lower_first(one)}" for one in others)])

    def _write_reminder(self, step: Step) -> str:
        """What the blamed module already passes on and others need, as a sentence of its hint."""
        shown = as_text(step.outputs)
        named = [thing for check in self.passed for thing in things.find_named(check.wish)]
        passed_on = [
            f" Keep to this: list the {one.name} as well." for one in named if one.named_in(shown) == 1
        ]
        return "".join(dict.fromkeys(passed_on))

    def _find_producer(self, field: str) -> str:
        """The module that produced a field, the last one if several did."""
        producers = [step.module for step in self.steps if field in step.outputs]
        return next((one for one in reversed(producers) if one in self.modules), self.modules[-1])

    def _find_upstream(self, check: Check, producer: str) -> list[tuple[Step, things.Thing]]:
        """The first step that had the thing that the producer lacked, and did not pass it on."""
        inputs = next((as_text(step.inputs) for step in self.steps if step.module == producer), "")
        return [
            (step, thing)
            for thing in things.find_named(check.wish)
            for step in self.steps
            if not thing.find(inputs)
            and step.module in self.modules
            and step.module != producer
            and thing.find(as_text(step.inputs))
            and not thing.find(as_text(step.outputs))
        ][:1]

    def _answer_feedback(self, producer: str) -> Verdict:
        """A verdict where the source has nothing to measure: from the reward's feedback, else from the field's name."""
        if self.feedback:
            advice = f"Fix what the reward complains of: {self.feedback[:300]}"
            return Verdict(producer, f'the reward says "{self.feedback[:200]}"', advice)
        field = next(reversed(self.outputs), "answer")
        advice = f"Make `{field}` short and exact, with nothing else around it."
        return Verdict(producer, f"the reward's source does not tell what `{field}` lacks", advice)

    def discuss(self, verdict: Verdict) -> str:
        """The discussion that goes with a verdict."""
        course = " ".join(
            f"`{step.module}` turned {', '.join(f'`{name}`' for name in step.inputs) or 'nothing'} into "
            f"{', '.join(f'`{name}` {_quote(value)}' for name, value in step.outputs.items()) or 'nothing'}."
            for step in self.steps[:6]
        )
        holds = "; ".join(dict.fromkeys(check.wish.rstrip(".") for check in self.passed))
        quote = f' It says: "{self.feedback[:200]}".' if self.feedback else ""
        target = f", and {self.target} is wanted" if self.target not in {"", "null", "None"} else ""
        return (
            f"The reward is {self.reward or 'unknown'}{target}.{quote} {course} To my eye {verdict.because}. "
            f"So `{verdict.module}` should change.{f' What already holds: {holds}.' if holds else ''}"
        )


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _quote(value: object) -> str:
    text = as_text(value)
    short = text if len(text) <= MAX_QUOTE_CHARS else f"{text[:MAX_QUOTE_CHARS].rstrip()} …"
    return json.dumps(short, ensure_ascii=False)


def _read_json(text: str | None, otherwise: Any) -> Any:
    """The list or object in a text; `otherwise` if it holds none of that type, as where a long one was shortened."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise
