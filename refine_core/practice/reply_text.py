"""The text of a reply: whole, or broken in one of the ways in which real replies break."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from refine_core.practice.outputs import as_text
from refine_core.practice.request import Request
from refine_core.practice.sampling import Candidate, Draw

TIMEOUT_PROBABILITY = 0.4
"""The probability of a timeout if an input is garbled."""

_GARBLED = re.compile(r"Ã.|â€.|Â.|ï¿½|�")  # what UTF-8 looks like when read as Latin-1
_GARBLED_SHARE = 0.02
_WHOLE = {"chat": 1.6, "json": 1.9}
"""The logit of a whole reply, by its format: models keep to JSON somewhat more often than to markers."""
_BREAKS = (
    Candidate("no mark for the last field", 0.5),
    Candidate("cut off", 0.5),
    Candidate("a word for a number", 0.5),
)


def is_garbled(request: Request) -> bool:
    """Whether the inputs are garbled: text with a broken encoding, for more than 2 % of its length."""
    text = "".join(request.inputs.values())
    return sum(map(len, _GARBLED.findall(text))) > _GARBLED_SHARE * max(1, len(text))


def render_reply(request: Request, values: Mapping[str, object], draw: Draw) -> str:
    """The reply. Garbled inputs make it break now and then; how often depends on the temperature."""
    whole = Candidate("whole", _WHOLE.get(request.form, _WHOLE["chat"]))
    how = draw.choose([whole, *_BREAKS]) if is_garbled(request) else "whole"
    last = request.outputs[-1].name
    shown = dict(values)
    if how == "a word for a number":
        shown = {k: "rather high" if isinstance(v, (int, float)) else v for k, v in values.items()}
    if request.form == "json":
        if how == "no mark for the last field":
            shown.pop(last)
        text = json.dumps(shown, ensure_ascii=False, indent=2)
    else:
        parts = [f"[[ ## {name} ## ]]\n{as_text(value)}" for name, value in shown.items()]
        if how == "no mark for the last field":
            parts[-1] = f"{last}: {as_text(shown[last])}"
        text = "\n\n".join([*parts, "[[ ## completed ## ]]"])
    if how == "cut off":
        marker = text.rfind(last)
        return text[: marker + len(last) // 2]
    return text
