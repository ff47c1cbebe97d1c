"""The document NAME.cases.json: cases as people and programs write them.

    {"version": 1, "threshold": 0.8,
     "cases": [{"name": "nothing", "want": "bad", "inputs": {"question": "…"}, "prediction": {"answer": ""},
                "expected": {"answer": "Paris"}}, …]}

docs/rewards.md describes it. Values are JSON; what JSON has no form for, such as a tuple or a date, is an object whose
only key begins with "~" (refine_core/rewards/value_codec.py), so that every value comes back as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from refine_core.cases.case import Case, CaseSet
from refine_core.cases.wants import Want, read_want
from refine_core.rewards.value_codec import NotTransferable, decode, encode_fields
from refine_core.rows.json_text import parse_json
from refine_core.rows.row import describe_json

VERSION: Final = 1
SUFFIX: Final = ".cases.json"
_KEYS: Final = frozenset(("name", "want", "inputs", "prediction", "expected"))
_BARE: Final = {"inputs": "text", "prediction": "text", "expected": "expected"}
"""What a value that stands for an object is called, as in rows."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def write_cases(cases: CaseSet) -> str:
    """The document, indented, in the order of its cases. Raises ValueError for a value that no document can hold."""
    data: dict[str, object] = {"version": VERSION}
    if cases.threshold is not None:
        data["threshold"] = cases.threshold
    data["cases"] = [_write_case(case) for case in cases]
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def read_cases(text: str) -> CaseSet:
    """The cases that a document holds. Raises ValueError with a sentence that says which case is wrong, and how.

    A list of cases alone is accepted too. A case without a name is called after its number.
    """
    data = parse_json(text)
    if isinstance(data, list):
        data = {"cases": data}
    if not isinstance(data, Mapping) or not isinstance(data.get("cases"), list):
        raise ValueError('cases are an object with a list "cases"')  # noqa: TRY004  # as every other thing that is wrong
    version = data.get("version", VERSION)
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise ValueError(f"these cases have version {version!r}; this Refinescope reads version {VERSION}")
    threshold = data.get("threshold")
    if threshold is not None:
        threshold = _read_threshold(threshold)
    return CaseSet(tuple(_read_case(one, i) for i, one in enumerate(data["cases"], 1)), threshold)


def _write_case(case: Case) -> dict[str, object]:
    try:
        fields: dict[str, object] = {
            "inputs": encode_fields(case.inputs),
            "prediction": encode_fields(case.prediction),
            "expected": encode_fields(case.expected),
        }
    except NotTransferable as error:
        raise ValueError(f"the case “{case.name}” cannot be written: {error}") from None
    return {
        "name": case.name,
        "want": case.want.to_json(),
        **{key: one for key, one in fields.items() if one or key == "prediction"},
    }


def _read_case(data: object, number: int) -> Case:
    where = f"case {number}"
    if not isinstance(data, Mapping):
        raise ValueError(f"{where} is {describe_json(data)}; a case is an object")  # noqa: TRY004  # as above
    if unknown := sorted(set(data) - _KEYS):
        raise ValueError(
            f"{where} has “{unknown[0]}”, which no case has; it may have: {', '.join(sorted(_KEYS))}"
        )
    name = data.get("name", where)
    if not isinstance(name, str):
        raise ValueError(f'{where}: "name" must be text')  # noqa: TRY004  # as above
    if "want" not in data or "prediction" not in data:
        missing = "want" if "want" not in data else "prediction"
        raise ValueError(f'{where} has no "{missing}"')
    try:
        return Case(
            name,
            *(_read_fields(data, key) for key in ("inputs", "prediction", "expected")),
            want=_read_want(data["want"]),
        )
    except ValueError as error:
        raise ValueError(f"{where}, “{name[:80]}”: {error}") from None


def _read_want(value: object) -> Want:
    try:
        return read_want(value)
    except ValueError as error:
        raise ValueError(f'"want" is not clear: {error}') from None


def _read_fields(data: Mapping[str, Any], key: str) -> dict[str, object]:
    value = data.get(key)
    if value is None:
        return {}
    try:
        decoded = decode(value)
    except ValueError:
        raise ValueError(f'"{key}" holds an object whose key begins with "~" but names no type') from None
    return decoded if isinstance(decoded, dict) else {_BARE[key]: decoded}


def _read_threshold(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'"threshold" must be a number, not {describe_json(value)}')  # noqa: TRY004  # as above
    want = read_want(value)
    return want.low if want.low is not None else 0.0
