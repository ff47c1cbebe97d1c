"""Programs: modules with predictors in them."""

from refine_core.modules.module import Module, Parameter
from refine_core.modules.predict import ChainOfThought, Predict
from refine_core.modules.prediction import Example, Prediction

__all__ = ["ChainOfThought", "Example", "Module", "Parameter", "Predict", "Prediction"]
