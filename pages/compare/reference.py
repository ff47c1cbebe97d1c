"""What the address compares: RUN.K is an attempt of a run, counted from 1, and RUN a whole run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from pages.shared.query import parse_whole

Letter = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Reference:
    """number: of the attempt, from 1; None for the whole run."""

    run_id: str
    number: int | None = None

    def __str__(self) -> str:
        return self.run_id if self.number is None else f"{self.run_id}.{self.number}"

    def at(self, number: int | None) -> Reference:
        """The same run, at another attempt."""
        return replace(self, number=number)


def parse_reference(text: str) -> Reference | None:
    """What a part of the address names; None for nothing."""
    run_id, dot, number = text.rpartition(".")
    if dot and run_id and (parsed := parse_whole(number, 0)) is not None:
        return Reference(run_id, parsed)
    return Reference(text) if text else None


def read_reference(letter: Letter) -> Reference | None:
    """What the address names as A or as B."""
    return parse_reference(st.query_params.get(letter, ""))
