"""What is run, as plain data: the program's description, its Python source, the worked examples."""

from refine_core.spec.program import (
    AdviceForm,
    HintSource,
    ModelSpec,
    ProgramSpec,
    ReplyFormat,
    StageSpec,
    Strategy,
    ValidatorSpec,
)
from refine_core.spec.schedule import Schedule

__all__ = [
    "AdviceForm",
    "HintSource",
    "ModelSpec",
    "ProgramSpec",
    "ReplyFormat",
    "Schedule",
    "StageSpec",
    "Strategy",
    "ValidatorSpec",
]
