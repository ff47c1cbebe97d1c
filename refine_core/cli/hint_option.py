"""The option --hint PREDICTOR=TEXT, of commands that run an attempt again."""

from __future__ import annotations

from collections.abc import Sequence

from refine_core.cli.output import BadInput


def read_hint(predictors: Sequence[str], text: str) -> tuple[str, str]:
    """Predictor and hint. Raises BadInput for a predictor that there is not."""
    name, equals, hint = text.partition("=")
    whole = f"{name.strip()}.predict"  # the predictor of a stage that reasons first
    for one in (name.strip(), whole):
        if equals and one in predictors:
            return one, hint
    if len(predictors) == 1 and not (equals and name.isidentifier()):
        return predictors[0], text
    if len(predictors) == 1:
        raise BadInput(
            f"--hint {text!r}: there is no predictor {name}. Write {predictors[0]}={hint}; "
            f"or {predictors[0]}={text} if all of it is the hint."
        )
    names = ", ".join(predictors)
    raise BadInput(f"--hint {text!r}: write PREDICTOR=TEXT; the predictors of this run are {names}.")
