"""How advice is asked for, in full or compact, and in whose words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refine_core.spec import AdviceForm


@dataclass(frozen=True, slots=True)
class AdviceStyle:
    """How advice is asked for. instructions: what the adviser is told to do; "" for the default."""

    instructions: str = ""
    form: AdviceForm = "full"


FULL = AdviceStyle()
