"""The outputs of a reply: candidates, known or improvised, weighed by the wishes in the prompt, then drawn.

Wishes come from the hint, the objective and each field's description, and count alike.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress

from refine_core.english import split_sentences
from refine_core.practice.knowledge import find_candidates
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.values import Improviser, Options, Schema, fits, read_schema
from refine_core.practice.wishes import Wish, exactly, is_satisfied, read_wishes, shift

_REASONING = {"reasoning", "rationale", "thoughts", "thinking"}
_OF_EACH_ITEM = {str.lower, str.upper}
_EDIT_COST = 1.0
"""The logit that an edited candidate loses: it is a little less likely than the original."""


def draw_outputs(request: Request, draw: Draw) -> dict[str, object]:
    """The value of every output, drawn in order."""
    names = [output.name for output in request.outputs]
    shared = (*read_wishes(request.hint, names), *read_wishes(re.sub(r"`\w+`", "", request.objective)))
    values: dict[str, object] = {}
    for output in request.outputs:
        schema = read_schema(output)
        thinks = output.name in _REASONING and len(request.outputs) > 1
        said = "\n".join(map(as_text, values.values()))
        known = find_candidates(request, output, schema, said, by_name=thinks)
        if thinks:
            values[output.name] = draw.choose(known or _reason(request, output))
            continue
        wishes = [
            w for w in (*shared, *read_wishes(output.description)) if not w.fields or output.name in w.fields
        ]
        wishes = list({wish.name: wish for wish in wishes}.values()) + _named_choices(schema, request.hint)
        options = known or Improviser(request, output, draw).candidates(schema)
        options += _edit_candidates(options, wishes, schema)
        values[output.name] = draw.choose(
            [Candidate(one.value, one.logit + shift(as_text(one.value), wishes)) for one in options]
        )
    return values


def draw_plain_answer(request: Request, draw: Draw) -> str:
    """An answer to a prompt without fields: what the model knows, or who it is."""
    whole = Request({"prompt": request.text}, (Output("answer"),), text=request.text)
    if options := find_candidates(whole, whole.outputs[0], {"type": "string"}):
        return str(draw.choose(options))
    quote = " ".join(request.text.split())[:80]
    return f'This is the practice model. It makes up answers to practise with. You wrote: "{quote}".'


def as_text(value: object) -> str:
    """A value as text, as in a reply."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _reason(request: Request, output: Output) -> Options:
    """Candidates for a field that thinks aloud before the others."""
    source = next(iter(request.inputs), "prompt")
    wanted = " and ".join(o.name.replace("_", " ") for o in request.outputs if o.name != output.name)
    hint = f" The hint says: {split_sentences(request.hint)[0]}" if request.hint else ""
    return [Candidate(f"First I look at the {source}, then I settle on the {wanted}.{hint}", 0.0)]


def _edit_candidates(options: Options, wishes: list[Wish], schema: Schema) -> Options:
    """The best candidates, edited to meet the wishes, unless one of them meets them already."""
    if not wishes or any(is_satisfied(as_text(one.value), wishes, min_measure=0.5) for one in options):
        return []
    edited: list[Candidate[object]] = []
    for one in sorted(options, key=lambda c: -c.logit)[:3]:
        if isinstance(one.value, list):
            items = [*one.value, *(wish.needle for wish in wishes if wish.needle)]
            for wish in (wish for wish in wishes if wish.edit in _OF_EACH_ITEM):
                items = [wish.edit(item) if isinstance(item, str) else item for item in items]
            edited.append(Candidate(items, one.logit - _EDIT_COST))
            continue
        start = as_text(one.value)
        alternatives = [wish.edit(start) for wish in wishes]
        # Content comes first, then length, then form: an edit must not undo the one before.
        combined = start
        for wish in sorted(wishes, key=lambda w: (not w.needle, "words" not in w.name, "JSON" in w.name)):
            combined = wish.edit(combined) if wish.measure(combined) < 1 else combined
        values = (_value(schema, text) for text in dict.fromkeys([combined, *alternatives]))
        edited.extend(Candidate(value, one.logit - _EDIT_COST) for value in values if value is not None)
    return edited


def _value(schema: Schema, text: str) -> object:
    """`text` as a value of that type, or None if it cannot be one."""
    if fits(text, schema):
        return text
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        return value if fits(value, schema) else None
    return None


def _named_choices(schema: Schema, hint: str) -> list[Wish]:
    """A wish for every option that the hint names and does not exclude, quoted or not."""
    choices = schema if isinstance(schema, dict) else {}
    options = choices.get("enum", ("True", "False") if choices.get("type") == "boolean" else ())
    excluding = r"\b(?:not|never|avoid|don't|instead of|than)\b[^.;]{0,30}"
    named = [str(one) for one in options if re.search(rf"(?i)\b{re.escape(str(one))}\b", hint)]
    return [exactly(one) for one in named if not re.search(rf"(?i){excluding}\b{re.escape(one)}\b", hint)]
