"""Programs: modules with predictors in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.modules.module import Module
    from refine_core.modules.parallel import Parallel
    from refine_core.modules.parameter import Parameter
    from refine_core.modules.predict import ChainOfThought, Predict
    from refine_core.modules.prediction import Completions, Example, Prediction

__all__ = [
    "ChainOfThought",
    "Completions",
    "Example",
    "Module",
    "Parallel",
    "Parameter",
    "Predict",
    "Prediction",
]

_HOME = {
    "module": ("Module",),
    "parallel": ("Parallel",),
    "parameter": ("Parameter",),
    "predict": ("ChainOfThought", "Predict"),
    "prediction": ("Completions", "Example", "Prediction"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
