"""What the prompt of dspy's ChatAdapter says of a predictor's signature: its fields with their types, and its instructions.

    1. `question` (str):
    2. `confidence` (float): between 0 and 1

A trace holds a predictor's inputs and outputs by name alone.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from refine_core.errors import SignatureError
from refine_core.signatures import ensure_signature

_PARTS: Final = re.compile(
    r"Your input fields are:\n(.*?)\nYour output fields are:\n(.*?)\nAll interactions ", re.DOTALL
)
_FIELD: Final = re.compile(r"^\d+\. `(\w+)` \((.+)\):", re.MULTILINE)
_OBJECTIVE: Final = re.compile(r"your objective is: *\n(.*)\Z", re.DOTALL)
_HINT: Final = "hint_"


def read_signature(
    messages: Sequence[Mapping[str, str]], inputs: Sequence[str], outputs: Sequence[str]
) -> tuple[str, str]:
    """Signature and instructions of a predictor. inputs, outputs: names of its fields, as its span has them.

    Types that the prompt does not tell, or that nothing here can hold, are left out; "" for the instructions that dspy makes itself.
    """
    plain = f"{', '.join(inputs) or 'inputs'} -> {', '.join(outputs) or 'outputs'}"
    system = messages[0]["content"] if messages and messages[0]["role"] == "system" else ""
    found = _PARTS.search(system)
    types = dict(_FIELD.findall(f"{found[1]}\n{found[2]}")) if found is not None else {}
    types.pop(_HINT, None)
    typed = " -> ".join(
        ", ".join(name if types.get(name, "str") == "str" else f"{name}: {types[name]}" for name in names)
        for names in (inputs, outputs)
    )
    return (typed if _is_signature(typed) else plain), _read_instructions(system)


def _read_instructions(system: str) -> str:
    found = _OBJECTIVE.search(system)
    text = textwrap.dedent(found[1]).strip() if found is not None else ""
    return "" if text.startswith("Given the fields `") and text.endswith("`.") else text


def _is_signature(text: str) -> bool:
    try:
        ensure_signature(text)
    except SignatureError:
        return False
    return True
