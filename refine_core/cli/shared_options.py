"""Options that several commands have which start runs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from refine_core.cli.output import BadInput

trust_address = click.option(
    "--trust-address",
    "trusted",
    multiple=True,
    metavar="URL",
    help="Let a model of a file from elsewhere be asked at this address, with the key that it names.",
)
json_at_the_end = click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")


def read_hint(predictors: Sequence[str], text: str) -> tuple[str, str]:
    """Predictor and hint of an option --hint PREDICTOR=TEXT. Raises BadInput for a predictor that there is not."""
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
