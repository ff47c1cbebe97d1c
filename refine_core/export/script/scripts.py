"""The whole script: what it needs, the models, the reward, the program, the inputs, and one call.

Both scripts have the same parts. Where dspy does otherwise than the run, the top of its script says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from refine_core.errors import Problem, SignatureError, SpecError
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.export.script.literals import write_call, write_comment, write_text, write_value
from refine_core.export.script.model_code import ModelCode, write_model
from refine_core.export.script.naming import Names
from refine_core.export.script.notes import list_notes
from refine_core.export.script.program import write_program
from refine_core.export.script.reward_code import RewardCode, needs, write_reward
from refine_core.export.script.source_facts import SourceFacts, read_source
from refine_core.export.script.type_source import TypeWriter
from refine_core.log.well_formed import make_well_formed
from refine_core.runs.forking.changes import forget_branch
from refine_core.spec import ModelSpec, ProgramSpec

_SCORE: Final = '''
class Score(float):
    """A number with the reasons for it. dspy.Refine reads the number alone."""

    def __new__(cls, value, feedback="", parts=None):
        score = super().__new__(cls, value)
        score.value, score.feedback, score.parts = float(value), feedback, parts or {}
        return score
'''
_DEFAULT_SCHEDULE: Final = "dspy-2.6"


def write_python(spec: ProgramSpec, *, run_id: str = "") -> str:
    """A script that runs this program with refine_core. Raises SpecError for what no script can call."""
    return _Script(spec, run_id, for_dspy=False).write()


def write_dspy(spec: ProgramSpec, *, run_id: str = "") -> str:
    """A script that runs this program with dspy.Refine or dspy.BestOfN. Raises SpecError for what no script can call."""
    return _Script(spec, run_id, for_dspy=True).write()


@dataclass(frozen=True, slots=True)
class _Models:
    """model, adviser, judge: as source. The latter two are None where they are the first."""

    model: ModelCode
    adviser: ModelCode | None
    judge: ModelCode | None

    @property
    def all(self) -> tuple[ModelCode, ...]:
        return tuple(one for one in (self.model, self.adviser, self.judge) if one is not None)


class _Script:
    def __init__(self, spec: ProgramSpec, run_id: str, *, for_dspy: bool) -> None:
        self.recorded = make_well_formed(KeyHider().spec(spec))
        self.spec = forget_branch(self.recorded)
        self.run_id, self.for_dspy = run_id, for_dspy
        self.facts: SourceFacts = read_source(self.spec.reward)
        taken = frozenset(self.facts.names | self.facts.used)
        plain = "dspy" if for_dspy else "refine_core"
        own = {line for line in self.facts.imports if line == f"import {plain}"}
        self.names = Names("", taken - ({plain} if own else set()))
        self.library = self.names.library = self.names.free(plain)
        self.types = TypeWriter()

    def write(self) -> str:
        """The text of the script."""
        names = self.names
        if file := self.spec.program_file:
            raise SpecError(
                [Problem("program_file", f"this ran the Python program {file}: that file is its script")]
            )
        try:
            program = write_program(self.spec, names, self.types)
        except SignatureError as error:
            raise SpecError([Problem("stages", error.message)]) from error
        reward = write_reward(self.spec, self.facts, names, for_dspy=self.for_dspy)
        models = self._models()
        blocks = [
            self._head(reward, models),
            self._imports(reward, models),
            *self._helpers(models),
            self._reward(reward),
            program,
            self._constants(models),
            self._main(reward, models),
            f'if __name__ == "__main__":\n    {names.free("main")}()',
        ]
        has_helpers = any(self._helpers(models))
        return _join(blocks, space=has_helpers or self.facts.begins_with_definition)

    # ---- what it says of itself

    def _head(self, reward: RewardCode, models: _Models) -> str:
        spec = self.spec
        merged = bool(self.types.typing) and any("typing" in line for line in self.facts.imports)
        is_plain = (
            self.facts.is_plain and not spec.validators and spec.reward_shape == "refine" and not merged
        )
        exceptions = [] if is_plain else ["# ruff: noqa", ""]
        title = f"Run {self.run_id}" if self.run_id else "A run"
        keys = sorted({one.key for one in models.all if one.key})
        lines = write_comment(f"{title} of Refinescope, as a script.")
        lines += write_comment(self._requirements(keys))
        if spec.title.strip():
            lines += write_comment(f"What it was called: {write_text(spec.title)}")
        lines.append("#")
        for note in (*reward.notes, *self._list_notes(models)):
            lines += write_comment(note, "# -", "#  ")
        return "\n".join([*exceptions, *lines])

    def _requirements(self, keys: list[str]) -> str:
        what = (
            "dspy 2.6 or 3 (`pip install dspy`)"
            if self.for_dspy
            else "refine_core (`pip install refinescope`)"
        )
        where = f" Set {' and '.join(keys)} before you run it." if keys else ""
        return f"It needs {what}.{where}"

    def _list_notes(self, models: _Models) -> list[str]:
        practice = any(one.is_practice for one in models.all)
        return list_notes(self.spec, self.recorded, self.facts, has_practice=practice, for_dspy=self.for_dspy)

    # ---- its parts

    def _imports(self, reward: RewardCode, models: _Models) -> str:
        standard = {f"import {name}" for name in self.types.modules} | set(reward.imports)
        if any(one.uses_os for one in models.all):
            standard.add("import os")
        if self.types.typing:
            standard.add(f"from typing import {', '.join(sorted(self.types.typing))}")
        plain = "dspy" if self.for_dspy else "refine_core"
        own = [f"import {plain}" if self.library == plain else f"import {plain} as {self.library}"]
        if not self.for_dspy:
            if any(one.is_practice for one in models.all):
                own.append("from refine_core.practice import PracticeLM")
            if needs(self.facts, self.spec, "Score"):
                own.append("from refine_core import Score")
        future = [line for line in self.facts.imports if line.startswith("from __future__")]
        theirs = [
            line
            for line in self.facts.imports
            if line not in future and line not in standard and line not in own
        ]
        parts = [
            "\n".join(future),
            "\n".join(sorted({*standard, *theirs}, key=_import_order)),
            "\n".join(sorted(own, key=_import_order)),
        ]
        return "\n\n".join(part for part in parts if part)

    def _helpers(self, models: _Models) -> list[str]:
        """What the reward uses without importing it: Score, and a judge."""
        blocks = []
        if self.for_dspy and needs(self.facts, self.spec, "Score"):
            blocks.append(_SCORE)
        if needs(self.facts, self.spec, "judge"):
            role = "JUDGE" if models.judge is not None else "MODEL"
            lib = self.library
            blocks.append(
                f'def judge(signature, /, **inputs):\n    """The model that the reward may ask."""\n'
                f"    with {lib}.context(lm={self.names.free(role)}):\n"
                f"        return {lib}.Predict(signature)(**inputs)"
            )
        return blocks

    def _reward(self, reward: RewardCode) -> str:
        return f"# The reward, as it was written.\n# fmt: off\n{reward.body}\n# fmt: on"

    def _models(self) -> _Models:
        spec, library = self.spec, self.library

        def code(role: str, model: ModelSpec | None) -> ModelCode | None:
            if model is None:
                return None
            own = replace(model, temperature=None) if spec.temperature_schedule.kind == "none" else model
            before = len(self.names.free(role)) + 3
            return write_model(own, spec.seed, library, for_dspy=self.for_dspy, before=before)

        adviser = spec.adviser if spec.hint_source != "none" else None
        judge = spec.judge if needs(self.facts, spec, "judge") else None
        model = code("MODEL", spec.model)
        if model is None:
            raise SpecError([Problem("model", "there is no model")])
        return _Models(model, code("ADVISER", adviser), code("JUDGE", judge))

    def _constants(self, models: _Models) -> str:
        free = self.names.free
        lines = [f"{free('MODEL')} = {models.model.source}"]
        if models.adviser is not None:
            lines.append(f"{free('ADVISER')} = {models.adviser.source}")
        if models.judge is not None:
            lines.append(f"{free('JUDGE')} = {models.judge.source}")
        start = f"{free('INPUTS')} = "
        lines.append(start + write_value(dict(self.spec.inputs), 0, len(start), 0))
        return "\n".join(lines)

    def _main(self, reward: RewardCode, models: _Models) -> str:
        free, lib, spec = self.names.free, self.library, self.spec
        program, model, inputs = self.names.program, free("MODEL"), free("INPUTS")
        lines = [f"def {free('main')}():"]
        configured = free("ADVISER") if models.adviser is not None and self.for_dspy else model
        settings = [("lm", configured)]
        if self.for_dspy and spec.model.reply_format in ("json", "json_schema"):
            settings.append(("adapter", f"{lib}.JSONAdapter()"))
        lines.append("    " + write_call(f"{lib}.configure", settings, 4))
        lines.append(f"    program = {program}()")
        if configured != model:
            lines.append(f"    program.set_lm({model})  # the configured one gives advice")
        if spec.strategy == "single":
            lines.append(f"    prediction = program(**{inputs})")
            lines.append("    print(prediction)")
            lines.append(f'    print("reward:", {reward.function}({inputs}, prediction))')
            return "\n".join(lines)
        asks = spec.hint_source != "none" or (not self.for_dspy and spec.strategy == "refine")
        refiner = "Refine" if asks else "BestOfN"
        lines.append(
            f"    refine = {write_call(f'{lib}.{refiner}', self._arguments(reward, models, refiner), 4, 9)}"
        )
        if self.for_dspy and spec.fail_count == 0:
            lines.append("    refine.fail_count = 0  # dspy reads a 0 that it is given as N")
        lines.append(f"    prediction = refine(**{inputs})")
        lines.append("    print(prediction)")
        if not self.for_dspy:
            lines.append('    print("rewards:", prediction.refinement.rewards)')
        return "\n".join(lines)

    def _arguments(self, reward: RewardCode, models: _Models, refiner: str) -> list[tuple[str, str]]:
        spec = self.spec
        arguments = [
            ("module", "program"),
            ("N", str(spec.N)),
            ("reward_fn", reward.function),
            ("threshold", write_value(spec.threshold)),
        ]
        if spec.fail_count is not None:
            arguments.append(("fail_count", str(spec.fail_count)))
        if self.for_dspy:
            return arguments
        if reward.has_rules:
            arguments.append(("validators", "VALIDATORS"))
        if refiner == "Refine":
            if spec.hint_source != "adviser":
                arguments.append(("hints", write_value(spec.hint_source)))
            if models.adviser is not None and spec.hint_source == "adviser":
                arguments.append(("advice_lm", self.names.free("ADVISER")))
            if spec.advice_instructions:
                arguments.append(("advice_instructions", write_text(spec.advice_instructions)))
            if spec.advice_form == "compact":
                arguments.append(("compact_advice", "True"))
        schedule = spec.temperature_schedule
        if schedule.kind == "list":
            arguments.append(("schedule", write_value(list(schedule.temperatures), 8, 9)))
        elif schedule.kind != _DEFAULT_SCHEDULE:
            arguments.append(("schedule", write_value(schedule.kind)))
        return arguments


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _join(blocks: list[str], *, space: bool) -> str:
    """The parts, with two empty lines between them, and one after the comment at the top. space: whether a definition follows the imports."""
    head, imports, *rest = (block.strip("\n") for block in blocks)
    body = "\n\n\n".join(block for block in rest if block)
    gap = "\n\n\n" if space else "\n\n"
    return f"{head}\n\n{imports}{gap}{body}\n"
