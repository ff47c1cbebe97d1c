"""Words that the pictures and tables of a result have in common: names of arms in a sentence, inputs on a line, shares."""

from __future__ import annotations

from typing import Final

from pages.shared.text import cut_text, one_line
from refine_core.datasets import Dataset
from refine_core.formatting import format_cost
from refine_core.runs import format_value
from refine_core.unseen import show_unseen

NAME_CHARACTERS: Final = 60
INPUT_CHARACTERS: Final = 90
PER_CENT: Final = 100


def arm_name(name: str) -> str:
    """An arm's name on one line."""
    return show_unseen(one_line(name, NAME_CHARACTERS)) or "?"


def lower_name(name: str) -> str:
    """The same inside a sentence: "Best of 5" as "best of 5"; "GPT" and "Single, gpt-5" keep theirs where it is a name."""
    text = arm_name(name)
    known = ("Refine without", "Best of ", "Single")
    return text[0].lower() + text[1:] if text.startswith(known) else text


def share(value: float) -> str:
    """A share in per cent: "78 %"; never 0 or 100 where it is not."""
    rounded = round(value * PER_CENT)
    if rounded == 0 and value > 0:
        return "under 1 %"
    if rounded == PER_CENT and value < 1:
        return "over 99 %"
    return f"{rounded} %"


def amount(value: float, unit: str) -> str:
    """So many calls, tokens or dollars of an input, without the word: "7.1", "1,240", "$0.0042"."""
    if unit == "usd":
        return format_cost(value) if value else "$0"
    return f"{value:,.0f}" if unit == "tokens" or value >= PER_CENT else f"{value:.1f}".removesuffix(".0")


def input_text(dataset: Dataset, row: int) -> str:
    """An input as a person knows it by: its only field, or all with their names."""
    if not 1 <= row <= len(dataset.rows):
        return ""
    values = dataset.rows[row - 1].values
    names = [name for name in dataset.fields("input") if name in values] or list(values)
    if len(names) == 1:
        return cut_text(format_value(values[names[0]]))
    return cut_text("\n".join(f"{name}: {format_value(values[name])}" for name in names))


def input_line(dataset: Dataset, row: int) -> str:
    """The beginning of an input, on one line."""
    return show_unseen(one_line(input_text(dataset, row), INPUT_CHARACTERS))
