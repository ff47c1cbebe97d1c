"""Refine and BestOfN: the drivers of the loop, the request for advice, and programs built from a spec."""

from refine_core.refine.module import BestOfN, Refine
from refine_core.refine.outcome import Refinement, Tried
from refine_core.refine.scoring import Validator

__all__ = ["BestOfN", "Refine", "Refinement", "Tried", "Validator"]
