"""Values as people write them, as data that their type takes: "1,234" for an int, "**Positive.**" for a choice.

    data that does not fit --normalize_value--> data that may, to be validated again, so that bounds still hold

Rule 1: only a value that its type refuses is normalized.
Rule 2: an ambiguous value is left alone, and refused: "1,23" for a number, "positive or negative" for a choice.
Rule 3: a percentage is that many hundredths for a float ("85%" is 0.85), unless its field says that it is in percent, by its
        name, its description or a bound above 1; for an int it is the number itself.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from refine_core.signatures.fields import Field
from refine_core.signatures.types import choices

_LONGEST = 200  # characters of a number or a choice that is looked at

# --- choices

_WRAPS = (
    ("```", "```"),
    ("**", "**"),
    ("__", "__"),
    *((c, c) for c in "*_`'\""),
    *("\u201c\u201d", "\u2018\u2019", "«»", "()", "[]", "<>"),
)
_STOPS = ".,;:!"
_BOOLS = {"true": True, "yes": True, "false": False, "no": False}


def choice_table(kind: Any) -> Mapping[str, object] | None:
    """How a reply may write each of the values to choose from -> that value; None for a type without choices."""
    try:
        return _build_choice_table(kind)
    except TypeError:  # what cannot be hashed cannot be remembered
        return _build_choice_table.__wrapped__(kind)


@lru_cache(maxsize=512)
def _build_choice_table(kind: Any) -> Mapping[str, object] | None:
    allowed = choices(kind)
    if allowed is None:
        return None
    table: dict[str, object] = {}
    for one in kind if isinstance(kind, type) and issubclass(kind, Enum) else allowed:
        table.setdefault(str(one.value if isinstance(one, Enum) else one), one)
    for one in [one for one in table.values() if isinstance(one, Enum)]:  # names after values, as in dspy
        table.setdefault(one.name, one)
        table.setdefault(str(one), one)
    return table


def match_choice(table: Mapping[str, object], text: str) -> object:
    """The one choice that a text names: as it is, or without quotes, Markdown, a stop, or its case; the least change first.

    Raises KeyError for none, and for several.
    """
    for bare in iter_unwrapped(text):
        if bare in table:
            return table[bare]
        for change in (str.casefold, _fold_case):
            target = change(bare)
            matches = {id(value): value for key, value in table.items() if target and change(key) == target}
            if len(matches) == 1:
                return next(iter(matches.values()))
            if matches:
                raise KeyError(text)
    raise KeyError(text)


def is_none_text(text: str) -> bool:
    """Whether a text says that there is no value."""
    return not text.strip() or any(bare.lower() in ("none", "null") for bare in iter_unwrapped(text))


def _fold_case(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip()).casefold() if any(map(str.isalpha, text)) else text


def iter_unwrapped(text: str) -> Iterator[str]:
    """A text, and what is left of it as quotes, Markdown and stops around it are taken away, one after another."""
    text = text.strip()
    if len(text) > _LONGEST:
        return
    if text.startswith(("Literal[", "str[")) and text.endswith("]"):
        text = text[text.find("[") + 1 : -1].strip()
    while text:
        yield text
        for opening, closing in _WRAPS:
            if len(text) > len(opening + closing) and text.startswith(opening) and text.endswith(closing):
                text = text[len(opening) : -len(closing)].strip()
                break
        else:
            if text[-1] in _STOPS:
                text = text[:-1].rstrip()
            elif whole := re.fullmatch(r"([+-]?\d+)\.0+", text):
                text = whole[1]
            else:
                return


# --- numbers

_CURRENCY = r"(?:(?:US|CA|AU|NZ|HK|C|A|R)?\$|[€£¥₹₩₽]|(?:USD|EUR|GBP|JPY|CHF|INR|CNY)\b)"
_BLANK = "[ \u00a0\u2007\u2009\u202f]"
_BODIES = (
    r"\d+(?:\.\d*)?|\.\d+",
    rf"[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d*)?|[1-9]\d{{0,2}}(?:{_BLANK}\d{{3}})+(?:[.,]\d*)?",
    r"[1-9]\d{0,2}(?:['\u2019_]\d{3})+(?:\.\d*)?|\d+(?:_\d+)+(?:\.\d*)?",
    r"[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d*)?",  # as in India
    r"[1-9]\d{0,2}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}",  # as in Germany
)
_NUMBER = (  # compiled where it is first needed: few replies hold such a number, and every import would pay
    rf"(?P<sign>[+-]?)(?:{_CURRENCY}{_BLANK}?)?(?P<inner>[+-]?)(?P<body>{'|'.join(_BODIES)})(?P<power>[eE][+-]?\d{{1,4}})?"
    rf"{_BLANK}?(?P<percent>%|percent)?(?:{_CURRENCY})?"
)
_SIGNS = str.maketrans("\u2212\u2010\u2011\u2012\u2013\uff0d\ufe63\uff0b\uff0c\uff0e\uff05", "-------+,.%")
_IN_PERCENT = re.compile(
    r"percent|(?:\b|_)pct(?:\b|_)|%|\b0\s*(?:-|\u2013|to|\.\.)\s*100\b|\bout of 100\b", re.IGNORECASE
)


def is_percent(name: str, description: str, bounds: Iterable[object]) -> bool:
    """Whether a number is in percent: 85 rather than 0.85."""
    large = any(isinstance(bound, (int, float)) and abs(bound) > 1 for bound in bounds)
    return large or _IN_PERCENT.search(f"{name} {description}") is not None


def _normalize_number(kind: type, text: str, *, in_percent: bool) -> object:
    """A number as people write it, as `kind` takes it; the text where it is none, or could be two."""
    if len(text) > _LONGEST or "(" in text:  # which is a minus to some
        return text
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text.translate(_SIGNS))
    match = next(filter(None, (re.fullmatch(_NUMBER, one) for one in iter_unwrapped(plain))), None)
    if match is None or (match["sign"] and match["inner"]):
        return text
    value = Decimal(f"{match['sign']}{match['inner']}{_remove_grouping(match['body'])}{match['power'] or ''}")
    if kind is int:
        return int(value) if value == value.to_integral_value() and value.adjusted() < _LONGEST else text
    if match["percent"] and not in_percent:
        value /= 100
    return float(value) if kind is float else value


def _remove_grouping(body: str) -> str:
    """A number without what groups its digits, and with a point before its decimals."""
    body = re.sub(rf"{_BLANK}|['\u2019_]", "", body)
    dots, commas = body.count("."), body.count(",")
    if (
        commas == 1
        and (dots or not re.fullmatch(r"\d{1,3},\d{3}", body))
        and body.rfind(",") > body.rfind(".")
    ):
        return body.replace(".", "").replace(",", ".")
    return (body.replace(".", "") if dots > 1 else body).replace(",", "")


# --- values of any depth


def normalize_value(kind: Any, data: object, *, in_percent: bool = False) -> object:
    """`data` in the form that `kind` takes, where it can be meant in one way only; else `data`. in_percent: see rule 3."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Annotated, Required, NotRequired):
        return normalize_value(args[0], data, in_percent=in_percent or is_percent("", "", _bounds(args[1:])))
    if getattr(kind, "__pydantic_root_model__", False):
        return normalize_value(kind.model_fields["root"].annotation, data, in_percent=in_percent)
    if (table := choice_table(kind)) is not None:
        return _normalize_choice(table, data)
    if origin in (Union, types.UnionType):
        return _normalize_union(args, data, in_percent=in_percent)
    if isinstance(data, str):
        if kind is bool:
            return _normalize_choice(_BOOLS, data)
        return _normalize_number(kind, data, in_percent=in_percent) if kind in (int, float, Decimal) else data

    def part(of: Any, value: object) -> object:
        return normalize_value(of, value, in_percent=in_percent)

    if isinstance(data, Mapping):
        return _normalize_mapping(kind, data, part)
    if isinstance(data, (list, tuple)) and args:
        return _normalize_items(origin, args, data, part)
    return data


Part = Callable[[Any, object], object]


def _normalize_choice(table: Mapping[str, object], data: object) -> object:
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    if not isinstance(data, (str, int)):
        return data
    try:
        return match_choice(table, str(data))
    except KeyError:
        return data


def _normalize_union(kinds: Sequence[Any], data: object, *, in_percent: bool) -> object:
    """For a type that is one of several: what all those that can be meant agree on."""
    if types.NoneType in kinds and isinstance(data, str) and is_none_text(data):
        return None
    normalized = [normalize_value(kind, data, in_percent=in_percent) for kind in kinds]
    changed = [one for one in normalized if one is not data and one != data]
    return changed[0] if changed and all(one == changed[0] for one in changed) else data


def _normalize_items(origin: Any, args: Sequence[Any], data: Sequence[object], part: Part) -> object:
    if origin is tuple and not (len(args) == 2 and args[1] is ...):  # noqa: PLR2004  # as in tuple[int, ...]
        return [part(*one) for one in zip(args, data, strict=True)] if len(args) == len(data) else data
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        return [part(args[0], item) for item in data]
    return data


def _normalize_mapping(kind: Any, data: Mapping[Any, object], part: Part) -> object:
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(args) == 2:  # noqa: PLR2004  # keys, values
        normalized = {part(args[0], key): part(args[1], value) for key, value in data.items()}
        return normalized if len(normalized) == len(data) else data
    parts = _member_types(origin or kind)
    return {
        name: normalize_value(parts[name][0], value, in_percent=parts[name][1]) if name in parts else value
        for name, value in data.items()
    }


def _member_types(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """Name, or alias -> type of each part of a pydantic model, a dataclass or a typed dict, and whether it is in percent."""
    parts: dict[str, tuple[Any, bool]] = {}
    if isinstance(fields := getattr(kind, "model_fields", None), Mapping):
        for name, field in fields.items():
            kind_and_percent = (
                field.annotation,
                is_percent(name, field.description or "", _bounds(field.metadata)),
            )
            parts |= dict.fromkeys(filter(None, (name, field.alias)), kind_and_percent)
    elif dataclasses.is_dataclass(kind) or hasattr(kind, "__required_keys__"):  # a typed dict
        try:
            hints = get_type_hints(kind, include_extras=True)
        except (NameError, TypeError):
            return {}
        parts = {name: (hint, is_percent(name, "", ())) for name, hint in hints.items()}
    return parts


def _bounds(metadata: Iterable[Any]) -> Iterator[object]:
    """The bounds of a number in what an annotation says of it."""
    for one in metadata:
        for part in (one, *(getattr(one, "metadata", None) or ())):
            yield from (getattr(part, name, None) for name in ("ge", "gt", "le", "lt"))


def is_percent_field(field: Field) -> bool:
    """Whether the numbers of a field are in percent."""
    bounds = [field.constraints.get(name) for name in ("ge", "gt", "le", "lt")]
    return is_percent(field.name, field.description, bounds)
