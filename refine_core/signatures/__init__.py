"""What a predictor takes and gives: fields with names, types and descriptions."""

from refine_core.signatures.fields import Field, InputField, OutputField
from refine_core.signatures.signature import Signature, ensure_signature

__all__ = ["Field", "InputField", "OutputField", "Signature", "ensure_signature"]
