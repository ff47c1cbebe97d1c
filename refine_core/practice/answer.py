"""Filling the outputs: candidates, known or improvised, weighed by the wishes in the prompt, then drawn.

Wishes come from the hint, the objective and each field's description, and count alike.
"""

from __future__ import annotations

import json
import re

from refine_core.practice.improvise import bounded, improvised, reasoning
from refine_core.practice.knowledge import known
from refine_core.practice.reading import Ask, Output
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.shapes import Shape, shape_of
from refine_core.practice.wish import Wish, exactly
from refine_core.practice.wishes import satisfied, shift, understand

_REASONING = {"reasoning", "rationale", "thoughts", "thinking"}
_EDITING_COSTS = 1.0
"""An answer bent to a wish lies a little farther from the model's mind than the one it was made from."""


def fill(ask: Ask, draw: Draw) -> dict[str, object]:
    """Every output's value, drawn in order."""
    names = [output.name for output in ask.outputs]
    told = (*understand(ask.hint, names), *understand(re.sub(r"`\w+`", "", ask.objective)))
    values: dict[str, object] = {}
    for output in ask.outputs:
        if output.name in _REASONING and len(ask.outputs) > 1:
            values[output.name] = draw.choose(reasoning(ask, output))
            continue
        shape = bounded(shape_of(output.type, output.note), output.description)
        wishes = [w for w in (*told, *understand(output.description)) if w.holds_for(output.name)]
        wishes = list({wish.name: wish for wish in wishes}.values()) + _choices_named(shape, ask.hint)
        options = known(ask, output, shape) or improvised(ask, output, shape, draw)
        options += _bent(options, wishes, shape)
        values[output.name] = draw.choose(
            [Candidate(one.value, one.logit + shift(as_text(one.value), wishes)) for one in options]
        )
    return values


def plain_answer(ask: Ask, draw: Draw) -> str:
    """An answer to a prompt without fields: what the model knows, or who it is."""
    whole = Ask({"prompt": ask.text}, (Output("answer"),), text=ask.text)
    if options := known(whole, whole.outputs[0], Shape("str")):
        return str(draw.choose(options))
    said = " ".join(ask.text.split())[:80]
    who = "This is the practice model. It makes up answers to practise with."
    return draw.choose(
        [
            Candidate(f'{who} You wrote: "{said}".', 1.0),
            Candidate(f'{who} It has little to say about "{said}".', 0.4),
        ]
    )


def as_text(value: object) -> str:
    """A value as it stands in a reply."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _bent(options: list[Candidate[object]], wishes: list[Wish], shape: Shape) -> list[Candidate[object]]:
    """The best candidates changed to suit the wishes, unless one of them suits already."""
    if not wishes or any(satisfied(as_text(one.value), wishes, at_least=0.5) for one in options):
        return []
    bent: list[Candidate[object]] = []
    for one in sorted(options, key=lambda c: -c.logit)[:3]:
        if isinstance(one.value, list):
            needles = [wish.needle for wish in wishes if wish.needle]
            bent.append(Candidate([*one.value, *needles], one.logit - _EDITING_COSTS))
            continue
        start = as_text(one.value)
        made = [text for wish in wishes for text in wish.edits(start)]
        # What a text holds comes first, then its length, then its looks: an edit must not undo the one before.
        both = start
        for wish in sorted(wishes, key=lambda w: (not w.needle, "words" not in w.name, "JSON" in w.name)):
            both = next(iter(wish.edits(both)), both) if wish.measure(both) < 1 else both
        values = (_value(shape, text) for text in dict.fromkeys([both, *made]))
        bent.extend(Candidate(value, one.logit - _EDITING_COSTS) for value in values if value is not None)
    return bent


def _value(shape: Shape, text: str) -> object:
    """`text` as a value of `shape`, or None if it cannot be one."""
    kinds = {shape.kind, *(part.kind for part in shape.parts)} if shape.kind == "union" else {shape.kind}
    if "str" in kinds:
        return text
    try:
        number = float(text)
    except ValueError:
        return None
    if "float" in kinds:
        return number
    return round(number) if "int" in kinds and number == round(number) else None


def _choices_named(shape: Shape, hint: str) -> list[Wish]:
    """A wish for every option that the hint names without ruling it out, quoted or not."""
    options = shape.options if shape.kind == "choice" else (True, False) if shape.kind == "bool" else ()
    wishes = []
    for option in options:
        bare = re.escape(str(option).lower())
        said = re.search(rf"\b{bare}\b", hint.lower())
        barred = re.search(
            rf"\b(?:not|never|avoid|don't|instead of|than)\b[^.;]{{0,30}}\b{bare}\b", hint.lower()
        )
        if said and not barred:
            wishes.append(exactly(str(option)))
    return wishes
