"""`refinescope run SPEC.json|PROGRAM.py`: run a program, watch it in the terminal, and find the run in the app."""

from __future__ import annotations

from pathlib import Path

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import Question
from refine_core.cli.shared_options import json_at_the_end, trust_address


@click.command(
    "run",
    epilog="Example: refinescope run --example one_word --input question='What is the capital of France?'",
)
@click.argument("program", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--example", metavar="NAME", help="A worked example in place of a file.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value of an input; NAME=@FILE takes it from a file, NAME:=JSON is JSON.",
)
@click.option("--n", type=click.IntRange(min=1), help="Max attempts (N).")
@click.option("--threshold", metavar="X", help="Stop at this reward; none to make every attempt.")
@click.option(
    "--reward",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A Python file with another reward.",
)
@click.option("--function", metavar="NAME", help="Which function of the reward's file, or of PROGRAM.py.")
@click.option("--model", metavar="NAME", help="practice, a name of litellm's, or a saved connection.")
@click.option(
    "--base-url", metavar="URL", help="Where the model is, if not at its provider: http://127.0.0.1:8000/v1"
)
@click.option("--key-env", metavar="NAME", help="The environment variable that holds its key.")
@trust_address
@click.option("--temperature", type=Number(min=0, max=2), help="Of the first attempt.")
@click.option("--seed", type=int, help="Of the practice model; another seed is another run.")
@click.option("--title", "--name", "title", help="What the run is called.")
@json_at_the_end
def command(
    *,
    program: Path | None,
    example: str | None,
    inputs: tuple[str, ...],
    n: int | None,
    threshold: str | None,
    reward: Path | None,
    function: str | None,
    model: str | None,
    base_url: str | None,
    key_env: str | None,
    trusted: tuple[str, ...],
    temperature: float | None,
    seed: int | None,
    title: str | None,
    as_json: bool,
) -> int:
    """Run a program until its reward is satisfied, and show each attempt.

    PROGRAM is a description as JSON (`refinescope spec RUN` prints one; - reads standard input), or a Python file of your own
    that defines program, or a class Program, and a function reward; or refine, a Refine or BestOfN; or main, which calls one. It is run as
    your own code, with all that it may do; the reward of a description runs in a sandbox. Without PROGRAM, the worked
    examples are listed.

    The run is kept with all others: the app shows it while it goes on. Ctrl-C cancels it and keeps what is done.

    Keys come from the environment only, such as OPENAI_API_KEY. The practice model needs none.
    """
    from refine_core import runs
    from refine_core.cli.following import follow, keeping_output_for_json
    from refine_core.cli.run_spec import RunOptions, change, load_document, load_example

    is_python = program is not None and program.suffix == ".py"
    if function is not None and reward is None and not is_python:
        raise click.UsageError("--function names a function of --reward FILE; give one")
    options = RunOptions(
        inputs=inputs,
        n=n,
        threshold=threshold,
        reward=reward,
        function=function,
        model=model,
        base_url=base_url,
        key_env=key_env,
        temperature=temperature,
        seed=seed,
        title=title,
        as_json=as_json,
        trusted=trusted,
    )
    if program is not None and example is not None:
        raise click.UsageError("Give a file or --example NAME, not both.")
    if program is not None and is_python:
        from refine_core.cli.program_file import load_program

        with keeping_output_for_json(as_json=as_json):
            run_id = runs.start_program(load_program(program, options))
        return follow(run_id, as_json=as_json)
    if program is None and example is None:
        raise _ask_what(as_json=as_json)
    spec = load_example(example) if program is None else load_document(program)  # type: ignore[arg-type]  # one of them is given
    return follow(runs.start(change(spec, options)), as_json=as_json)


def _ask_what(*, as_json: bool) -> Question:
    """The question what to run."""
    from refine_core.spec.examples import EXAMPLES

    lines = [f"  refinescope run --example {one.key:<13} {one.title}" for one in EXAMPLES.values()]
    return Question(
        "\n".join(["Say what to run: a file, or one of the worked examples, which need no key:", *lines]),
        ask={"example": [*EXAMPLES]},
        as_json=as_json,
    )
