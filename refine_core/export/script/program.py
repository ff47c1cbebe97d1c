"""The program of a run as classes: a signature for each stage, and a module that calls them in a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from refine_core.export.script.literals import WIDTH, write_call, write_text, write_value
from refine_core.export.script.naming import Names
from refine_core.export.script.type_source import TypeWriter
from refine_core.refine.build import build_stage_signature, list_program_inputs
from refine_core.signatures import Field
from refine_core.spec import ProgramSpec, StageSpec

_CLASSES: Final = {"predict": "Predict", "chain_of_thought": "ChainOfThought"}
_SIMPLE: Final = re.compile(r"[A-Z][ -!#-\[\]-~]*[ -!#-\[\]-~.]")  # no quotes, no backslashes
_TAKEN: Final = frozenset({
    "append", "construct", "copy", "delete", "dict", "dump_state", "equals", "fields", "from_orm", "insert", "input_fields",
    "instructions", "json", "load_state", "output_fields", "parse_file", "parse_obj", "parse_raw", "prepend", "schema",
    "schema_json", "signature", "update_forward_refs", "validate", "with_instructions", "with_updated_fields", "with_instruction",
    "model_config", "model_fields", "model_dump", "model_copy", "model_validate", "register",
})  # fmt: skip
"""Names of a signature's own attributes, which a field in a class body would hide."""
_RENAMED: Final = frozenset(
    {"history", "callbacks", "acall", "aforward", "batch", "get_lm", "set_lm", "inspect_history"}
)


def write_program(spec: ProgramSpec, names: Names, types: TypeWriter) -> str:
    """The signatures and the class `Program`. Raises SignatureError."""
    blocks = [_write_signature(stage, names, types) for stage in spec.stages]
    return "\n\n\n".join([*blocks, _write_module(spec, names)])


def _write_signature(stage: StageSpec, names: Names, types: TypeWriter) -> str:
    signature = build_stage_signature(stage)
    fields: Mapping[str, Field] = {**signature.input_fields, **signature.output_fields}
    name, lib = names.signature(stage.name), names.library
    if any(one in _TAKEN or one.startswith("_") for one in fields):
        return _write_as_call(stage, fields, names, types)
    lines = [f"class {name}({lib}.Signature):"]
    if text := stage.instructions.strip():
        is_simple = _SIMPLE.fullmatch(text) and len(text) + 10 <= WIDTH  # with quotes and indent
        lines += [f'    """{text}"""' if is_simple else f"    __doc__ = {write_text(text)}", ""]
    for field, one in fields.items():
        start = f"    {field}: {types.write(one.type)} = "
        lines.append(start + write_call(f"{lib}.{_role(one)}", _description(stage, field), 4, len(start) - 4))
    return "\n".join(lines)


def _write_as_call(stage: StageSpec, fields: Mapping[str, Field], names: Names, types: TypeWriter) -> str:
    """A signature with a field whose name a class could not have."""
    lib = names.library
    rows = [
        f"        {write_text(field)}: ({types.write(one.type)}, "
        f"{write_call(f'{lib}.{_role(one)}', _description(stage, field), 8, WIDTH)}),"
        if not _description(stage, field)
        else f"        {write_text(field)}: (\n            {types.write(one.type)},\n            "
        f"{write_call(f'{lib}.{_role(one)}', _description(stage, field), 12)},\n        ),"
        for field, one in fields.items()
    ]
    rows = [row.replace("(\n        )", "()") for row in rows]
    text = stage.instructions.strip()
    instructions = [f"    {write_text(text)},"] if text else []
    return "\n".join(
        [f"{names.signature(stage.name)} = {lib}.Signature(", "    {", *rows, "    },", *instructions, ")"]
    )


def _role(field: Field) -> str:
    return "InputField" if field.role == "input" else "OutputField"


def _description(stage: StageSpec, field: str) -> list[tuple[str, str]]:
    text = stage.descriptions.get(field, "")
    return [("desc", write_text(text))] if text else []


def _write_module(spec: ProgramSpec, names: Names) -> str:
    lib = names.library
    inputs = list(list_program_inputs(spec))
    own = "self" if "self" not in inputs else "self_"
    rest = next(name for name in ("_", "__", "unused") if name not in inputs)
    lines = [
        f"class {names.program}({lib}.Module):",
        f"    def __init__({own}):",
        "        super().__init__()",
    ]
    if own != "self":
        lines[-1] = f"        super({names.program}, {own}).__init__()"
    for stage in spec.stages:
        lines += _write_stage(stage, own, names)
    arguments = [own, *inputs, f"**{rest}"]
    short = f"    def forward({', '.join(arguments)}):"
    lines += ["", *([short] if len(short) <= WIDTH else _exploded("    def forward(", arguments, "    ):"))]
    where = {name: name for name in inputs}
    results = []
    for stage in spec.stages:
        signature = build_stage_signature(stage)
        result = f"{stage.name[:30]}_"
        while result in inputs or result in results:
            result += "_"
        results.append(result)
        given = [(name, where[name]) for name in signature.input_fields]
        lines.append(_write_step(result, f"{own}.{_attribute(stage.name)}", given))
        where |= {name: f"{result}[{write_text(name)}]" for name in signature.output_fields}
    if len(results) == 1:
        lines.append(f"        return {results[0]}")
    else:
        merged = ", ".join(f"**{result}" for result in results)
        short = f"        return {lib}.Prediction(**{{{merged}}})"
        rows = [f"            **{lib_row}," for lib_row in results]
        lines += [short] if len(short) <= WIDTH else [
            f"        return {lib}.Prediction(", "            **{", *(f"    {row}" for row in rows), "            },", "        )",
        ]  # fmt: skip
    return "\n".join(lines)


def _write_step(result: str, stage: str, given: list[tuple[str, str]]) -> str:
    """The call of a stage. An argument that is too long for a line of its own is broken in its brackets."""
    start = f"        {result} = "
    rows = []
    for name, source in given:
        line = f"            {name}={source},"
        variable, bracket, key = source.partition("[")
        is_long = len(line) > WIDTH and bracket
        broken = f"{variable}[\n                {key.removesuffix(']')}\n            ]"
        rows.append((name, broken if is_long else source))
    short = f"{start}{stage}({', '.join(f'{name}={source}' for name, source in given)})"
    return short if len(short) <= WIDTH else start + write_call(stage, rows, 8, WIDTH)


def _write_stage(stage: StageSpec, own: str, names: Names) -> list[str]:
    lib, attribute = names.library, f"{own}.{_attribute(stage.name)}"
    start = f"        {attribute} = "
    lines = [
        start
        + write_call(
            f"{lib}.{_CLASSES[stage.strategy]}", [("", names.signature(stage.name))], 8, len(start) - 8
        )
    ]
    if stage.demos:
        inner = ".predict" if stage.strategy == "chain_of_thought" else ""
        lines.append(f"        {attribute}{inner}.demos = [")
        for demo in stage.demos:
            lines.append(f"            {lib}.Example(")
            lines.append(f"                **{write_value(dict(demo), 16, 2)},")
            lines.append("            ),")
        lines.append("        ]")
    return lines


def _attribute(stage: str) -> str:
    return f"{stage}_" if stage in _RENAMED else stage


def _exploded(opening: str, rows: list[str], closing: str) -> list[str]:
    pad = " " * (len(opening) - len(opening.lstrip()) + 4)
    return [opening, *(f"{pad}{row}," for row in rows), closing]
