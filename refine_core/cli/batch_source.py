"""What `refinescope batch` compares: the arms out of an experiment, a program as JSON, a Python file or a worked example.

EXPERIMENT.json | PROGRAM.json | PROGRAM.py | --example --load--> BatchSource --arms--> Arm…
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput
from refine_core.cli.run_spec import (
    RunOptions,
    change_program,
    describe_problems,
    load_document,
    load_example,
)
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from refine_core.datasets import Table
    from refine_core.experiments import Arm
    from refine_core.experiments.json_document import ExperimentDocument
    from refine_core.refine import BestOfN
    from refine_core.spec import ProgramSpec

EXAMPLE: Final = "customer_messages"
"""The worked example that has a table."""


@dataclass(frozen=True, slots=True)
class BatchSource:
    """What was named on the command line.

    arms: what is compared. spec: whose inputs the table has. document: of an experiment; None for one program. programs: key of an arm ->
    the program that runs in it, where it is Python of this process. title: what the program is called. table: of a worked example.
    """

    arms: tuple[Arm, ...]
    spec: ProgramSpec
    document: ExperimentDocument | None = None
    programs: Mapping[str, BestOfN] = field(default_factory=dict)
    title: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class ArmOptions:
    """What the options say of the arms. words: of --arms. files: NAME=PROGRAM.json. models: each arm is run on each of them.

    run: of every arm; where there are several models, its address and key are theirs.
    """

    words: str | None = None
    files: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    run: RunOptions = field(default_factory=RunOptions)

    @property
    def has_several_models(self) -> bool:
        return len(self.models) > 1

    @property
    def before_models(self) -> RunOptions:
        """What a program is given before `_cross` gives it each of several models."""
        return replace(self.run, base_url=None, key_env=None) if self.has_several_models else self.run


def load_source(program: Path | None, example: str | None, options: ArmOptions) -> BatchSource:
    """What is compared. Raises BadInput, BadParameter, UsageError."""
    from refine_core import runs
    from refine_core.datasets import example_dataset

    if program is not None and str(program) != "-" and (document := _load_experiment(program)) is not None:
        return _of_document(document, options)
    table = None
    if program is not None:
        base = load_document(program)
    elif example == EXAMPLE:
        worked = example_dataset()
        base, table = worked.spec, worked.table
    else:
        base = load_example(example or "")
    if base.program_file:
        raise BadInput(
            f"This describes the Python program {one_line(base.program_file)}; give that file to batch."
        )
    base = replace(change_program(base, options.before_models), inputs={})
    arms = _cross([*_in_words(base, options.words), *_of_files(options)], options)
    return BatchSource(number_arms(arms), base, title=runs.title(base), table=table)


def split_words(words: str | None, attempts: int) -> list[str]:
    """The words of --arms; without them, what a program is compared with: best of as many, and one attempt."""
    if words is None:
        return ["refine", f"best_of_{attempts}", "single"]
    found = [one.strip() for one in words.split(",") if one.strip()]
    if not found:
        raise click.BadParameter("--arms: write words such as refine,best_of_5,single")
    return found


def _load_experiment(path: Path) -> ExperimentDocument | None:
    """The experiment in a file; None for a file that is one program. Raises BadInput."""
    from refine_core.errors import SpecError
    from refine_core.experiments.json_document import is_experiment, read_experiment

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None  # load_document says what is wrong with it
    if not is_experiment(text):
        return None
    try:
        return read_experiment(text, path.resolve().parent)
    except SpecError as error:
        raise BadInput(describe_problems(str(path), error.problems)) from None


def _of_document(document: ExperimentDocument, options: ArmOptions) -> BatchSource:
    """An experiment, with more arms where the options name some."""
    if options.words is not None:
        raise click.UsageError("This experiment has arms of its own; leave --arms out, or give a program")
    named = [(arm.name, change_program(arm.spec, options.before_models)) for arm in document.arms]
    arms = number_arms(_cross([*named, *_of_files(options)], options))
    return BatchSource(arms, arms[0].spec, document, title=document.name)


def _in_words(base: ProgramSpec, words: str | None) -> Iterator[tuple[str, ProgramSpec]]:
    from refine_core.experiments.shorthand import derive, name_arm

    for word in split_words(words, base.N):
        try:
            spec = derive(word, base)
        except ValueError as error:
            raise click.BadParameter(f"--arms: {error}") from None
        yield name_arm(spec), spec


def _of_files(options: ArmOptions) -> Iterator[tuple[str, ProgramSpec]]:
    for option in options.files:
        name, equals, path = option.partition("=")
        if not equals or not name.strip() or not path:
            raise click.BadParameter(f"--arm {one_line(option)}: write NAME=PROGRAM.json")
        spec = load_document(Path(path))
        own = replace(options.before_models, n=None, threshold=None, reward=None, function=None)
        yield name.strip(), replace(change_program(spec, own), inputs={})


def _cross(arms: Sequence[tuple[str, ProgramSpec]], options: ArmOptions) -> list[tuple[str, ProgramSpec]]:
    """Each arm on each of several models; one model is every arm's, and stands in no name. Their address and key are those of --base-url and --key-env."""
    if not options.has_several_models:
        return [*arms]
    return [
        (
            f"{name}, {model}",
            change_program(spec, replace(options.run, n=None, threshold=None, reward=None, model=model)),
        )
        for model in options.models
        for name, spec in arms
    ]


def list_more_arms(there: Sequence[Arm], options: ArmOptions) -> tuple[Arm, ...]:
    """Further arms of an experiment: those in words are ways of its first program. Raises BadInput, BadParameter."""
    base = change_program(there[0].spec, options.before_models)
    in_words = [] if options.words is None else [*_in_words(base, options.words)]
    return number_arms(_cross([*in_words, *_of_files(options)], options), there)


def number_arms(arms: Sequence[tuple[str, ProgramSpec]], there: Sequence[Arm] = ()) -> tuple[Arm, ...]:
    """The arms with keys, beside those that are there. Raises BadInput for two of one name."""
    from refine_core.experiments import Arm
    from refine_core.experiments.shorthand import name_key

    names = [*(arm.name for arm in there), *(name for name, _ in arms)]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise BadInput(
            f"Two arms are called {one_line(twice[0])}; give each another name, as in --arm NAME=PROGRAM.json"
        )
    taken = {arm.key for arm in there}
    free = (key for place in count() if (key := name_key(place)) not in taken)
    return tuple(Arm(key, name, spec) for key, (name, spec) in zip(free, arms, strict=False))
