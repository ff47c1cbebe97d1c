"""Numbers and lists of temperatures as a person types them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from refine_core.errors import Problem

EXACT = 10**15


def read_number(text: str) -> float:
    """The number that a person typed, with a decimal point or comma. Raises ValueError, also where it is ambiguous."""
    bare = text.strip()
    if "_" in bare or re.search(r",\d{3}$", bare):
        raise ValueError(f"{bare!r} may be read in two ways")
    return float(bare.replace(",", "."))


def write_number(value: float) -> str:
    """A number as a person types it, with every digit that it has."""
    return str(int(value)) if value == int(value) and abs(value) < EXACT else repr(value)


def read_temperatures(text: str) -> tuple[tuple[float, ...], Problem | None]:
    """The list of temperatures that a person typed, such as "0, 0.5, 0.9"; with decimal commas, "0; 0,5; 0,9"."""
    parts = [part for part in re.split(r"\s*;\s*" if ";" in text else r"[,\s]+", text.strip()) if part]
    if not parts:
        return (), Problem("schedule", "list a temperature for each attempt, such as 0, 0.5, 0.9")
    if ";" not in text and "." not in text and re.search(r"\d,\d", text) and re.search(r"\d,?\s+\d", text):
        return (), Problem(
            "schedule",
            "this may be read in two ways; write decimal points, as in 0, 0.5, 0.9, or 0; 0,5; 0,9",
        )
    try:
        return tuple(read_number(part) for part in parts), None
    except ValueError:
        return (), Problem(
            "schedule", f"temperatures are numbers between commas, such as 0, 0.5, 0.9, not {text.strip()!r}"
        )


def write_temperatures(values: Sequence[float]) -> str:
    """The inverse of `read_temperatures`."""
    return ", ".join(map(write_number, values))
