"""Programs: modules with predictors in them."""

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
