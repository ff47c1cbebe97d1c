"""The public API for programs as a person describes them: examples, what a form asks for, what is wrong, what will run.

    field_tables.py     a signature as a table of fields
    value_inputs.py     the program's inputs, and the values that a person typed
    typed_tables.py     tables of values: what only the reward sees, and demos
    number_inputs.py    numbers and temperatures, typed
    reward_source.py    the reward: its function, findings and fixes
    prompt_previews.py  the prompts that will be sent
    drafts.py           what is typed, kept as it stands
    saved_programs.py   programs under a name
    reward_starters.py  rewards to start from
    plan.py             what a run will do at most
    rebuilt.py          what of a recorded program a form cannot rebuild
    changes.py          what was edited since a run, and which settings are not at their defaults

Everything here is quick, calls no model and runs no reward.
"""

from __future__ import annotations

from refine_core.errors import Problem, SignatureError
from refine_core.programs.changes import describe_changes, describe_settings, summarize_temperatures
from refine_core.programs.drafts import (
    DRAFT_KIND,
    Draft,
    Fields,
    draft_fields,
    drop_old_drafts,
    model_from_data,
    model_to_data,
    new_draft_id,
    newest_draft,
    read_draft,
    save_draft,
)
from refine_core.programs.field_tables import (
    COMMON_TYPES,
    FieldRow,
    list_field_rows,
    list_stage_fields,
    write_signature,
)
from refine_core.programs.number_inputs import (
    read_number,
    read_temperatures,
    write_number,
    write_temperatures,
)
from refine_core.programs.plan import Step, describe_plan, describe_steps, max_calls
from refine_core.programs.prompt_previews import (
    FEEDBACK,
    estimate_tokens,
    preview_advice_prompt,
    preview_first_prompts,
    preview_stage_prompt,
)
from refine_core.programs.rebuilt import describe_address, describe_rebuild
from refine_core.programs.reward_source import (
    RewardForm,
    apply_fix,
    check_spec_reward,
    check_spec_rules,
    find_reward_question,
    list_reward_candidates,
    may_give_feedback,
    read_reward_form,
)
from refine_core.programs.reward_starters import list_reward_starters, list_starters_for_outputs
from refine_core.programs.saved_programs import list_programs, remove_program, save_program
from refine_core.programs.typed_tables import (
    VALUE_KINDS,
    read_demos,
    read_reference_values,
    write_demo,
    write_reference_values,
)
from refine_core.programs.value_inputs import (
    FormInput,
    list_form_inputs,
    read_json_object,
    read_value,
    write_object,
    write_value,
)
from refine_core.refine.advice_request import default_instructions
from refine_core.refine.build import build_stage_signature, find_problems
from refine_core.rewards.checks import Finding, Fix, rename_parameters
from refine_core.spec import (
    AdviceForm,
    HintSource,
    ModelSpec,
    ProgramSpec,
    ReplyFormat,
    Schedule,
    StageSpec,
    Strategy,
    ValidatorSpec,
    schedule,
)
from refine_core.spec.examples import EXAMPLES, NEW_PROGRAM, WorkedExample
from refine_core.spec.limits import MAX_ATTEMPTS, find_limit_problems
from refine_core.spec.source import program_source
from refine_core.starter_rewards import StarterReward

__all__ = [
    "COMMON_TYPES",
    "DRAFT_KIND",
    "EXAMPLES",
    "FEEDBACK",
    "MAX_ATTEMPTS",
    "NEW_PROGRAM",
    "VALUE_KINDS",
    "AdviceForm",
    "Draft",
    "FieldRow",
    "Fields",
    "Finding",
    "Fix",
    "FormInput",
    "HintSource",
    "ModelSpec",
    "Problem",
    "ProgramSpec",
    "ReplyFormat",
    "RewardForm",
    "Schedule",
    "StageSpec",
    "StarterReward",
    "Step",
    "Strategy",
    "ValidatorSpec",
    "WorkedExample",
    "apply_fix",
    "check_spec_reward",
    "check_spec_rules",
    "default_instructions",
    "describe_address",
    "describe_changes",
    "describe_plan",
    "describe_rebuild",
    "describe_settings",
    "describe_steps",
    "draft_fields",
    "drop_old_drafts",
    "estimate_tokens",
    "find_limit_problems",
    "find_problems",
    "find_reward_question",
    "is_example",
    "list_field_rows",
    "list_form_inputs",
    "list_output_names",
    "list_programs",
    "list_reward_candidates",
    "list_reward_starters",
    "list_stage_fields",
    "list_starters_for_outputs",
    "list_temperatures",
    "max_calls",
    "may_give_feedback",
    "model_from_data",
    "model_to_data",
    "new_draft_id",
    "newest_draft",
    "preview_advice_prompt",
    "preview_first_prompts",
    "preview_stage_prompt",
    "program_source",
    "read_demos",
    "read_draft",
    "read_json_object",
    "read_number",
    "read_reference_values",
    "read_reward_form",
    "read_temperatures",
    "read_value",
    "remove_program",
    "rename_parameters",
    "save_draft",
    "save_program",
    "summarize_temperatures",
    "write_demo",
    "write_number",
    "write_object",
    "write_reference_values",
    "write_signature",
    "write_temperatures",
    "write_value",
]


def is_example(spec: ProgramSpec) -> bool:
    """Whether `spec` is still the worked example that it names: the same program, inputs, reward, aim and model."""
    if spec.example is None or spec.example not in EXAMPLES:
        return False
    origin = EXAMPLES[spec.example].spec
    same = (spec.stages, dict(spec.inputs), spec.strategy, spec.N, spec.threshold, spec.model.kind)
    return spec.reward.strip() == origin.reward.strip() and same == (
        origin.stages,
        dict(origin.inputs),
        origin.strategy,
        origin.N,
        origin.threshold,
        origin.model.kind,
    )


def list_temperatures(spec: ProgramSpec) -> tuple[float, ...]:
    """Those that a run of `spec` will use, one an attempt; zeros where it sends none; () if N is no number of attempts."""
    n = spec.attempt_count
    if not isinstance(n, int) or n < 1:
        return ()
    return schedule.list_temperatures(spec.temperature_schedule, spec.model.temperature or 0.0, n)


def list_output_names(stage: StageSpec) -> tuple[str, ...]:
    """The names of a stage's outputs; () if its signature does not parse."""
    try:
        return tuple(build_stage_signature(stage).output_fields)
    except SignatureError:
        return ()
