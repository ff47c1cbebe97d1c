"""What a script says of itself at its top: what it leaves out of the run, and what dspy does otherwise."""

from __future__ import annotations

from typing import Final

from refine_core.export.script.literals import write_text
from refine_core.export.script.reward_code import needs
from refine_core.export.script.source_facts import SourceFacts
from refine_core.left_out import is_left_out
from refine_core.spec import ProgramSpec
from refine_core.spec.schedule import list_temperatures

_LISTED: Final = 5  # temperatures


def list_notes(
    spec: ProgramSpec, recorded: ProgramSpec, facts: SourceFacts, *, has_practice: bool, for_dspy: bool
) -> list[str]:
    """All notes. spec: what the script runs; recorded: the run's, which differs for a branch. has_practice: whether any of its models is the practice model."""
    notes = ["The reward runs in this process, without Refinescope's sandbox: read it first."]
    if recorded.fork_attempt is not None:
        notes.append(_describe_branch(recorded))
    if has_practice and for_dspy:
        notes.append(
            "The run was on Refinescope's practice model, which dspy does not have: put your own model in its place."
        )
    if any(model.is_local for model in spec.models.values()):
        notes.append(
            "The run was on a model that Refinescope served on its machine: serve its GGUF file with llama.cpp's llama-server, "
            "whose usual address stands in this script."
        )
    if any(map(is_left_out, spec.inputs.values())):
        notes.append('Inputs were left out when the run was shared: fill in where "[left out]" stands.')
    if spec.budget_usd is not None or spec.budget_tokens is not None:
        notes.append("The run had a budget; a script has none.")
    if spec.starting_hints or spec.hint_test:
        notes.append("The run began with hints that were given to it; this script begins without.")
    if not for_dspy:
        return notes
    return [*notes, *_list_differences(spec, facts)]


def _list_differences(spec: ProgramSpec, facts: SourceFacts) -> list[str]:
    """What dspy does otherwise than the run."""
    source = spec.hint_source
    notes = []
    if spec.strategy != "single":
        first = spec.model.temperature or 0.0
        used = list_temperatures(spec.temperature_schedule, first, spec.attempt_count)
        here = [round(one, 3) for one in used[:_LISTED]]
        more = ", …" if spec.attempt_count > len(here) else ""
        notes.append(
            "Temperatures: dspy 2.6 takes the model's own, then from 0.5 upwards; dspy 3 takes 1.0 each time. The run's were "
            f"{', '.join(map(str, here))}{more}."
        )
        notes.append(
            "Failures: dspy lowers fail_count with each one and may return None; the run counted them and raised the last error."
        )
    if source == "feedback":
        notes.append(
            "Hints: the run took them from the reward's feedback; dspy.Refine asks a model for advice instead."
        )
    elif source == "adviser":
        notes.append(
            "Advice: dspy asks in its own words, and a request for advice that fails counts as a failed attempt."
        )
        if spec.advice_instructions or spec.advice_form != "full":
            notes.append("Advice: dspy.Refine takes no instructions of your own for it.")
    if spec.validators:
        notes.append("Rules: dspy has none, so an attempt that breaks one gets 1,000,000 less.")
    if spec.model.temperature is None:
        notes.append("The run sent no temperature; dspy always sends one.")
    if spec.model.reply_format in ("json", "json_schema"):
        notes.append("Replies are asked for as JSON, by dspy.JSONAdapter.")
    if needs(facts, spec, "Score"):
        notes.append("Score: dspy uses the number; nobody is shown the feedback and the parts.")
    return notes


def _describe_branch(spec: ProgramSpec) -> str:
    """What of a branch no script repeats: what it kept of its parent, and what was changed for one attempt alone."""
    change = f", with a change: {write_text(spec.change)}" if spec.change else ""
    kept = spec.kept_attempts
    what = "" if not kept else "Attempt 1 was" if kept == 1 else f"Attempts 1 to {kept} were"
    return (
        f"The run is a branch of run {spec.parent} from attempt {spec.fork_attempt} on{change}. "
        + (f"{what} kept from that run. " if what else "")
        + "This script runs the program from its first attempt, without a hint or a temperature that was given to one attempt alone."
    )
