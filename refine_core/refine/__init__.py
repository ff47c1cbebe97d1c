"""Refine and BestOfN: the drivers of the loop, the request for advice, and programs built from a spec."""

from refine_core.refine.module import BestOfN, Refine
from refine_core.refine.result import AttemptResult, Refinement
from refine_core.refine.scoring import Validator

__all__ = ["AttemptResult", "BestOfN", "Refine", "Refinement", "Validator"]
