"""Numbers on the command line: nan and inf are none."""

from __future__ import annotations

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A finite number, between the bounds of click's FloatRange if it has any."""

    name = "number"

    def _describe_range(self) -> str:
        """For --help: "0<x<=86400", "" without bounds (click writes "x<=None")."""
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Raises BadParameter."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def read_number(text: str) -> float:
    """A finite number. Raises ValueError for any other text."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number
