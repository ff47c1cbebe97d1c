"""A program description as Python: what the adviser is shown as `program_code`, and what a person may take home."""

from __future__ import annotations

from refine_core.signatures import ensure_signature
from refine_core.spec.program import ProgramSpec, StageSpec
from refine_core.spec.rules import EXPRESSION, read_rule

_CLASSES = {"predict": "Predict", "chain_of_thought": "ChainOfThought"}


def program_source(spec: ProgramSpec) -> str:
    """A module `Program` that does what the spec describes; it runs without changes. Raises SignatureError."""
    inputs = _list_inputs(spec)
    classes = sorted({_CLASSES[s.strategy] for s in spec.stages})
    simple = all(not s.instructions and not s.descriptions for s in spec.stages)
    names = [*classes, "Module", "Prediction", *([] if simple else ["Signature"])]
    lines = [
        f"from refine_core import {', '.join(sorted(names))}",
        "",
        "",
        "class Program(Module):",
        "    def __init__(self):",
    ]
    for stage in spec.stages:
        lines += _stage_lines(stage)
    lines += [
        "",
        f"    def forward(self, {', '.join(inputs)}, **_):" if inputs else "    def forward(self, **_):",
    ]
    have = dict.fromkeys(inputs)
    where = {name: name for name in have}
    for stage in spec.stages:
        signature = ensure_signature(stage.signature)
        arguments = ", ".join(f"{n}={where[n]}" for n in signature.input_fields)
        lines.append(f"        {stage.name}_ = self.{stage.name}({arguments})")
        where |= {n: f"{stage.name}_.{n}" for n in signature.output_fields}
    lines.append(f"        return Prediction({{{', '.join(f'**{s.name}_' for s in spec.stages)}}})")
    return "\n".join([*lines, *validator_source(spec)]) + "\n"


def validator_source(spec: ProgramSpec) -> list[str]:
    """A list for `Refine(…, validators=VALIDATORS)`; [] where there are none. A check may use what the reward's source binds."""
    if not spec.validators:
        return []
    functions: list[str] = []
    rows: list[str] = []
    for i, one in enumerate(spec.validators, 1):
        rule = read_rule(one.name, one.check)
        source = rule.source.strip("\n").split("\n")
        if rule.function == EXPRESSION:
            functions += [
                "",
                "",
                f"check_{i}{source[0].removeprefix(EXPRESSION)}",
                *(f"    {line}" for line in source[1:-1]),
                ")",
            ]
        else:
            functions += ["", "", *source, "", "", f"check_{i} = {rule.function}"]
        rows.append(f"    ({one.name!r}, check_{i}, {one.message!r}),")
    return [*functions, "", "VALIDATORS = [", *rows, "]"]


def _list_inputs(spec: ProgramSpec) -> list[str]:
    """Inputs that no earlier stage produces, in the order in which the stages use them."""
    outputs: set[str] = set()
    inputs: dict[str, None] = {}
    for stage in spec.stages:
        signature = ensure_signature(stage.signature)
        inputs.update(dict.fromkeys(n for n in signature.input_fields if n not in outputs))
        outputs |= set(signature.output_fields)
    return list(inputs)


def _stage_lines(stage: StageSpec) -> list[str]:
    predictor_class = _CLASSES[stage.strategy]
    if not stage.instructions and not stage.descriptions:
        opening = [f"        self.{stage.name} = {predictor_class}({stage.signature!r})"]
    else:
        signature = ensure_signature(stage.signature)
        lines = [f"        {stage.name}_signature = Signature({stage.signature!r}, {stage.instructions!r})"]
        lines += [
            f"        {stage.name}_signature = {stage.name}_signature.with_updated_fields({n!r}, desc={d!r})"
            for n, d in stage.descriptions.items()
            if n in signature.fields and d
        ]
        opening = [*lines, f"        self.{stage.name} = {predictor_class}({stage.name}_signature)"]
    if stage.demos:
        inner = ".predict" if stage.strategy == "chain_of_thought" else ""
        opening.append(f"        self.{stage.name}{inner}.demos = {[dict(d) for d in stage.demos]!r}")
    return opening
