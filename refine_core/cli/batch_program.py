"""A Python file of the user's own as the arms of an experiment: its program and its reward, tried again in different ways.

PROGRAM.py --find_program--> Refine | BestOfN --arms in a word--> a Refine or BestOfN for each arm
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.batch_source import ArmOptions, BatchSource, number_arms, split_words
from refine_core.cli.output import BadInput
from refine_core.cli.program_file import FoundProgram, find_program
from refine_core.cli.run_spec import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from refine_core.experiments import Snapshot
    from refine_core.refine import BestOfN
    from refine_core.spec import ProgramSpec


def load_live(path: Path, options: ArmOptions) -> BatchSource:
    """The arms of a Python file. Raises BadInput, BadParameter, UsageError."""
    if options.files or len(options.models) > 1:
        raise click.UsageError(
            "--arm, and several --model, take programs as JSON; a Python file has the arms of --arms"
        )
    from refine_core.experiments.shorthand import name_arm

    found = find_program(path, options.run)
    programs = [derive_live(word, found.refine) for word in split_words(options.words, found.refine.N)]
    specs = [_describe(found, one, path) for one in programs]
    named = [(name_arm(_as_arm(spec)), spec) for spec in specs]
    arms = number_arms(named)
    live = {arm.key: program for arm, program in zip(arms, programs, strict=True)}
    return BatchSource(arms, _columns_of(found, specs[0]), programs=live, title=path.name)


def load_again(path: Path, snapshot: Snapshot) -> dict[str, BestOfN]:
    """The programs of an experiment that ran this file, by arm. Raises BadInput for another file."""
    arms = snapshot.experiment.arms
    files = {arm.spec.program_file for arm in arms}
    if files != {path.name}:
        ran = ", ".join(filter(None, sorted(files)))
        raise BadInput(
            f"This experiment ran {ran or 'no Python file'}; {'give that file' if ran else 'leave ' + path.name + ' out'}."
        )
    model = "practice" if arms[0].spec.model.kind == "practice" else None
    found = find_program(path, RunOptions(model=model))
    return {arm.key: derive_live(_word(arm.spec), found.refine) for arm in arms}


def _word(spec: ProgramSpec) -> str:
    """The arm in a word that this describes."""
    if spec.strategy == "refine":
        return f"{'no_hints' if spec.hints == 'none' else 'refine'}_{spec.N}"
    return "single" if spec.N == 1 else f"best_of_{spec.N}"


def derive_live(word: str, base: BestOfN) -> BestOfN:
    """A refinement of the same program by the same reward, tried again as a word says. Raises BadParameter."""
    from refine_core.experiments.shorthand import read_word
    from refine_core.refine import BestOfN, Refine
    from refine_core.spec import Schedule

    try:
        kind, attempts = read_word(word)
    except ValueError as error:
        raise click.BadParameter(f"--arms: {error}") from None
    count = 1 if kind == "single" else attempts or base.N
    fail_count = None if base.fail_count == base.N else base.fail_count
    schedule = base.schedule if len(base.schedule.temperatures) in (0, count) else Schedule()
    make: Callable[..., BestOfN] = BestOfN
    if kind in ("refine", "no_hints"):
        own = base if isinstance(base, Refine) else None
        hints = own.hints if own is not None and own.hints != "none" else "adviser"
        make = partial(
            Refine,
            hints="none" if kind == "no_hints" else hints,
            advice_lm=None if own is None else own.advice_lm,
            advice_instructions="" if own is None else own.advice_instructions,
            compact_advice=own is not None and own.compact_advice,
        )
    return make(
        base.module,
        count,
        base.reward_fn,
        base.threshold,
        fail_count,
        validators=base.validators,
        schedule=schedule,
    )


def _describe(found: FoundProgram, refine: BestOfN, path: Path) -> ProgramSpec:
    from refine_core.refine.program_job import LiveProgram, describe_program

    return describe_program(LiveProgram(refine, {}, path.name, found.reward_source))


def _as_arm(spec: ProgramSpec) -> ProgramSpec:
    """The same with the strategy that its name tells: best of one is a single attempt."""
    return replace(spec, strategy="single") if spec.strategy == "best_of_n" and spec.N == 1 else spec


def _columns_of(found: FoundProgram, spec: ProgramSpec) -> ProgramSpec:
    """A description whose inputs are those that the program takes, for the columns of a table."""
    from refine_core.signatures.types import format_type
    from refine_core.spec import StageSpec

    names = [name for name in found.wanted if name not in found.optional]
    types = {name: format_type(field.type) for name, field in found.fields.items()}
    inputs = ", ".join(
        name if types.get(name, "str") == "str" else f"{name}: {types[name]}" for name in names
    )
    return replace(spec, stages=(StageSpec("program", f"{inputs} -> result"),), program_file="")
