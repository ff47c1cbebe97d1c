"""What is run, as plain data: the program's description, its Python source, the worked examples."""

from refine_core.spec.program import ModelSpec, ProgramSpec, ReplyFormat, StageSpec

__all__ = ["ModelSpec", "ProgramSpec", "ReplyFormat", "StageSpec"]
