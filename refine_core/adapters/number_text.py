"""A number in a reply as people write it: "1,234", "$5", "85%"; and whether a field is in percent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from refine_core.adapters.choices import MAX_CHARS, iter_unwrapped

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


def normalize_number(kind: type, text: str, *, in_percent: bool) -> object:
    """A number as people write it, as `kind` takes it; the text where it is none, or could be two."""
    if len(text) > MAX_CHARS or "(" in text:  # which is a minus to some
        return text
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text.translate(_SIGNS))
    match = next(filter(None, (re.fullmatch(_NUMBER, one) for one in iter_unwrapped(plain))), None)
    if match is None or (match["sign"] and match["inner"]):
        return text
    value = Decimal(f"{match['sign']}{match['inner']}{_remove_grouping(match['body'])}{match['power'] or ''}")
    if kind is int:
        return int(value) if value == value.to_integral_value() and value.adjusted() < MAX_CHARS else text
    if match["percent"] and not in_percent:
        value /= 100
    return float(value) if kind is float else value


def _remove_grouping(body: str) -> str:
    """A number without digit grouping, and with a decimal point."""
    body = re.sub(rf"{_BLANK}|['\u2019_]", "", body)
    dots, commas = body.count("."), body.count(",")
    if (
        commas == 1
        and (dots or not re.fullmatch(r"\d{1,3},\d{3}", body))
        and body.rfind(",") > body.rfind(".")
    ):
        return body.replace(".", "").replace(",", ".")
    return (body.replace(".", "") if dots > 1 else body).replace(",", "")
