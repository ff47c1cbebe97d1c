"""Probes: outputs made from a right answer, without a model, of which one knows whether they deserve its score.

    right answer + form --list_probes--> Probe(name, claim, all outputs)

    nothing     no answer is in it                             must not be paid
    wrong       another answer, in the right form              must not be paid
    mention     it names the answer, but does not give it      a note if it is paid
    right       the answer, written differently                should be paid the same

What counts as the same answer depends on its kind: numbers have separators, words have upper and lower case, code has neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from refine_core.doctor.answers.forms import Form
from refine_core.doctor.answers.outputs import put_text
from refine_core.doctor.answers.right_answers import RightAnswer
from refine_core.doctor.probes.drafts import Claim, Draft
from refine_core.doctor.probes.text_probes import list_text_probes
from refine_core.doctor.probes.typed_probes import blank, list_typed_probes


@dataclass(frozen=True, slots=True)
class Probe:
    """One output to try.

    name, claim, family, is_strong: as in Draft. prediction: all outputs. text: the probed one, as text.
    """

    name: str
    claim: Claim
    family: str
    prediction: Mapping[str, object]
    text: str
    is_strong: bool = False


def list_probes(right: RightAnswer, form: Form, other: str = "") -> list[Probe]:
    """Probes of one right answer, each output once; never the right answer itself. other: the right answer of another row."""
    typed = right.kind == "typed"
    drafts = list_typed_probes(right.value) if typed else list_text_probes(right, form, other)
    seen = {_key(write_right_answer(right, form))}
    probes = []
    for draft in drafts:
        if not right.is_known and draft.claim != "nothing":
            continue  # of an output that somebody likes nobody knows which changes it bears
        probe = _make(right, draft)
        key = _key(probe.prediction)
        if key not in seen:
            seen.add(key)
            probes.append(probe)
    return probes


def write_right_answer(right: RightAnswer, form: Form) -> dict[str, object]:
    """The outputs with the right answer, in a form."""
    answer = form.wrap(right.text) if isinstance(right.value, str) else right.value
    return {**right.row.prediction, **right.others, right.field: _put(right, answer)}


def _make(right: RightAnswer, draft: Draft) -> Probe:
    value = draft.output
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    others = dict(right.others)
    if draft.claim == "nothing":
        others = {name: blank(given) for name, given in others.items()}
    prediction = {**right.row.prediction, **others, right.field: _put(right, value)}
    return Probe(draft.name, draft.claim, draft.family, prediction, text, draft.is_strong)


def _put(right: RightAnswer, value: object) -> object:
    """An output of the probed field: of chat messages, those of the row with another last reply."""
    return put_text(right.row.prediction[right.field], value) if isinstance(value, str) else value


def _key(prediction: Mapping[str, object]) -> str:
    return json.dumps(prediction, sort_keys=True, default=str)
