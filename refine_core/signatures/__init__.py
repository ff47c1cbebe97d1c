"""What a predictor takes and gives: fields with names, types and descriptions."""

from refine_core.signatures.fields import Field, InputField, OutputField, infer_prefix
from refine_core.signatures.input_checks import check_inputs
from refine_core.signatures.signature import Signature, SignatureMeta, ensure_signature, make_signature

__all__ = [
    "Field",
    "InputField",
    "OutputField",
    "Signature",
    "SignatureMeta",
    "check_inputs",
    "ensure_signature",
    "infer_prefix",
    "make_signature",
]
