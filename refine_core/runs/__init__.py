"""Runs: start one, watch it, cancel it, find it again.

    run_id = start(spec, credentials)        goes down
    events(run_id, after=seq)                comes up

A run works on a thread of its own and belongs to no screen: closing a page ends nothing. Every event is durable before
the next step. What a screen shows is folded from the events, also after a restart.

registry       the runs of one store                 job        a run at work: its thread, its budget, its recorder
default_runs   those in the user's data folder       logs       records and timelines, folded once
run            one run, as a screen sees it          prompts    a prompt in parts
run_list       runs found, named, tagged, deleted    playing    runs to step through
callers        who asked a model in an attempt       searching  text found in a run's messages
replaying      the same program on recorded replies
branches       a run from one of its attempts on, with something changed     forking  what such a branch keeps, and takes
reward_trial   the reward, on an output that a person typed
workers        how many there are where runs work      places        where that is, and where the history
what_ifs       a recorded run under another reward or threshold         rescoring   its outputs, scored again
kept_what_ifs  those that somebody kept beside a run                        judges      whom a reward would ask, at what cost
computing      rewards that the log does not hold, computed by the recorded reward
judge_memory   what judges have answered: the same question is put to them once
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Unpack

from refine_core.call_snippets import ApiCall, describe_call, write_curl, write_litellm
from refine_core.errors import StoreError
from refine_core.executors.protocol import Workers
from refine_core.hints import hint_for
from refine_core.log.run_id import new_run_id
from refine_core.log.scope import Record
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Advice, Attempt, Call, PredictorRun, Timeline
from refine_core.log.well_formed import make_well_formed
from refine_core.loop import RunAttempt, decide, hints_of
from refine_core.play import Playback
from refine_core.refine.program_job import LiveProgram
from refine_core.remarks import failed_lines, reward_remark
from refine_core.rewards.shapes import Recognized
from refine_core.runs import kept_what_ifs
from refine_core.runs.callers import Caller, list_callers
from refine_core.runs.computing import ComputedRewards, explain_error, why_not_computed
from refine_core.runs.computing import compute_rewards as _compute_rewards
from refine_core.runs.default_runs import DEFAULT
from refine_core.runs.forking import AgainChanges, Family, FamilyMember, ForkChanges, ForkPlan, describe_kept
from refine_core.runs.judges import JudgeEstimate
from refine_core.runs.kept_what_ifs import KeptWhatIf
from refine_core.runs.places import describe_places, name_executor
from refine_core.runs.playing import run_at
from refine_core.runs.prompts import output_types, prompt_parts
from refine_core.runs.raw_events import format_attempt
from refine_core.runs.registry import Credentials, Runs
from refine_core.runs.replaying import ReplayMismatch, replay_program
from refine_core.runs.rescoring import OnProgress, Rescored
from refine_core.runs.reward_trial import RewardTrial, list_trial_fields, try_reward
from refine_core.runs.run import Run
from refine_core.runs.run_list import KEEP_DELETED_S, PAGE_SIZE, describe_pair
from refine_core.runs.searching import (
    ROLES,
    TABS,
    Found,
    Hit,
    Tab,
    advice_block,
    format_value,
    hint_block,
    message_block,
    output_block,
    search_run,
)
from refine_core.runs.what_ifs import RunWhatIf
from refine_core.spec import ProgramSpec
from refine_core.spec.foreign_models import ForeignModel
from refine_core.store.listing import (
    NEWEST_FIRST,
    NO_FILTERS,
    OUTCOMES,
    SORT_KEYS,
    Annotation,
    Choices,
    Filters,
    Folded,
    Label,
    ListedRun,
    Outcome,
    RunPage,
    Sort,
    SortKey,
)
from refine_core.store.protocol import RunRow
from refine_core.what_if import Changes

__all__ = [
    "KEEP_DELETED_S",
    "NEWEST_FIRST",
    "NO_FILTERS",
    "OUTCOMES",
    "PAGE_SIZE",
    "ROLES",
    "SORT_KEYS",
    "TABS",
    "Advice",
    "AgainChanges",
    "Annotation",
    "ApiCall",
    "Attempt",
    "Call",
    "Caller",
    "Choices",
    "ComputedRewards",
    "Credentials",
    "Family",
    "FamilyMember",
    "Filters",
    "Folded",
    "ForeignModel",
    "ForkChanges",
    "ForkPlan",
    "Found",
    "Hit",
    "JudgeEstimate",
    "KeptWhatIf",
    "Label",
    "ListedRun",
    "LiveProgram",
    "Outcome",
    "Playback",
    "PredictorRun",
    "ProgramSpec",
    "Record",
    "ReplayMismatch",
    "Rescored",
    "RewardTrial",
    "Run",
    "RunPage",
    "RunRow",
    "RunWhatIf",
    "Runs",
    "Sort",
    "SortKey",
    "Tab",
    "Timeline",
    "Workers",
    "advice_block",
    "annotation",
    "ask_what_if",
    "can_be_read",
    "cancel",
    "choices",
    "close",
    "coming_hints",
    "compute_rewards",
    "default",
    "delete",
    "describe_api_call",
    "describe_kept",
    "describe_pair",
    "describe_places",
    "drop_what_if",
    "events",
    "explain_error",
    "failed_lines",
    "family",
    "find_replay_mismatch",
    "fork",
    "format_events",
    "format_value",
    "get",
    "go_on",
    "hint_block",
    "join",
    "keep_what_if",
    "kept_what_ifs_of",
    "label",
    "labels",
    "list_callers",
    "list_foreign",
    "list_trial_fields",
    "listed",
    "look_at_workers",
    "make_well_formed",
    "message_block",
    "name_executor",
    "new_run_id",
    "note",
    "notices",
    "output_block",
    "output_types",
    "pause",
    "plan_again",
    "plan_fork",
    "playback",
    "prompt_parts",
    "recent",
    "rename",
    "replay",
    "replay_program",
    "resume",
    "resume_program",
    "reward_remark",
    "run_again",
    "run_at",
    "run_count",
    "search",
    "search_run",
    "star",
    "start",
    "start_program",
    "step",
    "tag",
    "timeline",
    "title",
    "try_reward",
    "undelete",
    "wait_for_change",
    "wait_for_new",
    "what_if",
    "why_not_computed",
    "write_curl",
    "write_litellm",
]

default = DEFAULT.open
close = DEFAULT.close


def title(spec: ProgramSpec) -> str:
    """What a run of `spec` is called."""
    return title_of(spec)


def coming_hints(timeline: Timeline) -> dict[str, str]:
    """Predictor name -> hint that the next attempt will get, "N/A" for none; {} where no attempt comes next."""
    action = next(iter(decide(timeline.loop)), None)
    if not isinstance(action, RunAttempt):
        return {}
    return {name: hint_for(name, hints_of(action, timeline.predictors)) for name in timeline.predictors}


def start(spec: ProgramSpec, credentials: Credentials | None = None, *, stepwise: bool = False) -> str:
    """Begin a run and return its id. See Runs.start."""
    return default().start(spec, credentials, stepwise=stepwise)


def start_program(program: LiveProgram) -> str:
    """Begin a run of a program that is Python of this process. See Runs.start_program."""
    return default().start_program(program)


def resume_program(run_id: str, program: LiveProgram) -> None:
    """Resume a run of such a program by it. See Runs.resume_program."""
    default().resume_program(run_id, program)


def resume(run_id: str, credentials: Credentials | None = None, *, anyway: bool = False) -> None:
    """Resume a run that was interrupted or cancelled, or stopped for its reward. See Runs.resume."""
    default().resume(run_id, credentials, anyway=anyway)


def replay(run_id: str, *, delay_s: float | None = None) -> str:
    """Run the same program again on recorded replies. See Runs.replay."""
    return default().replay(run_id, delay_s=delay_s)


def plan_fork(
    run_id: str,
    attempt: int,
    *,
    ask_judge: bool = False,
    credentials: Credentials | None = None,
    **changes: Unpack[ForkChanges],
) -> ForkPlan:
    """What a branch of a run would keep and take, before anything is asked. See Branches.plan."""
    return default().branches.plan(run_id, attempt, ask_judge=ask_judge, credentials=credentials, **changes)


def fork(
    run_id: str,
    attempt: int,
    *,
    name: str | None = None,
    credentials: Credentials | None = None,
    stepwise: bool = False,
    ask_judge: bool = False,
    **changes: Unpack[ForkChanges],
) -> str:
    """Go on with a run from one of its attempts, counted from 1, with something changed. See Branches.fork."""
    return default().branches.fork(
        run_id,
        attempt,
        name=name,
        credentials=credentials,
        stepwise=stepwise,
        ask_judge=ask_judge,
        **changes,
    )


def plan_again(run_id: str, **changes: Unpack[AgainChanges]) -> ProgramSpec:
    """The description of the run that `run_again` begins. See Branches.plan_again."""
    return default().branches.plan_again(run_id, **changes)


def run_again(
    run_id: str,
    *,
    name: str | None = None,
    credentials: Credentials | None = None,
    stepwise: bool = False,
    **changes: Unpack[AgainChanges],
) -> str:
    """Run the same program on the same inputs from the start, with another seed, model or strategy. See Branches.run_again."""
    return default().branches.run_again(
        run_id, name=name, credentials=credentials, stepwise=stepwise, **changes
    )


def family(run_id: str) -> Family:
    """The runs that a run was made from, and all that was made of these. See Branches.family."""
    return default().branches.family(run_id)


def list_foreign(origin: str | None, spec: ProgramSpec) -> tuple[ForeignModel, ...]:
    """The models that came with an imported run, and that a person has to agree to. See Runs.list_foreign."""
    return default().list_foreign(origin, spec)


def find_replay_mismatch(spec: ProgramSpec) -> ReplayMismatch | None:
    """Why a replay that `spec` describes cannot go through. See Runs.find_replay_mismatch."""
    return default().find_replay_mismatch(spec)


def cancel(run_id: str) -> bool:
    """Ask a run to stop now. See Runs.cancel."""
    return default().cancel(run_id)


def pause(run_id: str) -> bool:
    """Have a run wait before its next step. See Runs.pause."""
    return default().pause(run_id)


def step(run_id: str, hints: Mapping[str, str] | None = None) -> bool:
    """Let a run that waits do its next step. See Runs.step."""
    return default().step(run_id, hints)


def go_on(run_id: str, hints: Mapping[str, str] | None = None) -> bool:
    """Let a run that waits go on. See Runs.go_on."""
    return default().go_on(run_id, hints)


def join(run_id: str, timeout_s: float) -> None:
    """Wait until this process has nothing more to do for a run. See Runs.join."""
    default().join(run_id, timeout_s)


def look_at_workers() -> Workers | None:
    """The workers of the executor that was chosen. See Runs.look_at_workers."""
    return default().look_at_workers()


def notices() -> tuple[str, ...]:
    """Messages for the user about the store. See Runs.notices."""
    return default().notices


def events(run_id: str, after: int = 0) -> list[Record]:
    """The run's records with seq > after. See Runs.events."""
    return default().events(run_id, after)


def timeline(run_id: str) -> Timeline | None:
    """The run as far as it is recorded, folded. See Runs.timeline."""
    return default().timeline(run_id)


def playback(run_id: str) -> Playback | None:
    """The run as far as it is recorded, to step through. See Runs.playback."""
    return default().playback(run_id)


def get(run_id: str) -> Run | None:
    """The run as far as it is recorded. See Runs.get."""
    return default().get(run_id)


def wait_for_change(run_id: str, revision: str, timeout_s: float) -> str:
    """The run's revision, as soon as it is another than this one. See Runs.wait_for_change."""
    return default().wait_for_change(run_id, revision, timeout_s)


def run_count() -> int:
    """How many runs there are, in the list or not. Raises StoreError."""
    return default().store.run_count()


def can_be_read() -> bool:
    """Whether the store answers. It may wait as long as the store does."""
    try:
        run_count()
    except StoreError:
        return False
    return True


def wait_for_new(count: int, timeout_s: float) -> int:
    """The number of runs, as soon as it is another than this one. See Runs.wait_for_new."""
    return default().wait_for_new(count, timeout_s)


def recent(limit: int = 50, *, deleted: bool = False) -> list[RunRow]:
    """The newest runs first. See Runs.recent."""
    return default().recent(limit, deleted=deleted)


def search(
    text: str = "",
    filters: Filters = NO_FILTERS,
    sort: Sort = NEWEST_FIRST,
    page: int = 1,
    *,
    size: int = PAGE_SIZE,
) -> RunPage:
    """A page of the runs that match. See RunList.search."""
    return default().list.search(text, filters, sort, page, size=size)


def listed(run_ids: Iterable[str]) -> dict[str, ListedRun]:
    """Those of these runs that are in the list. See RunList.listed."""
    return default().list.listed(run_ids)


def choices() -> Choices:
    """The models and tags of the runs in the list. See RunList.choices."""
    return default().list.choices()


def annotation(run_id: str) -> Annotation:
    """What was noted about a run. See RunList.annotation."""
    return default().list.annotation(run_id)


def rename(run_id: str, name: str) -> None:
    """Call a run by another name than its title. See RunList.rename."""
    default().list.rename(run_id, name)


def tag(run_id: str, tags: Iterable[str]) -> None:
    """Give a run these tags. See RunList.tag."""
    default().list.tag(run_id, tags)


def star(run_id: str, *, starred: bool = True) -> None:
    """Mark a run with a star, or take it away. See RunList.star."""
    default().list.star(run_id, starred=starred)


def note(run_id: str, text: str) -> None:
    """Write a note beside a run. See RunList.note."""
    default().list.note(run_id, text)


def label(run_id: str, attempt: int, label: Label | None) -> None:
    """Label the attempt of that index good or bad. See RunList.label."""
    default().list.label(run_id, attempt, label)


def labels(run_id: str) -> Mapping[int, Label]:
    """Index of an attempt -> its label. See RunList.labels."""
    return default().list.labels(run_id)


def delete(run_ids: Iterable[str]) -> None:
    """Take runs out of the list. See RunList.delete."""
    default().list.delete(run_ids)


def undelete(run_ids: Iterable[str]) -> None:
    """Bring deleted runs back into the list. See RunList.undelete."""
    default().list.undelete(run_ids)


def format_events(timeline: Timeline, attempt: int) -> str:
    """The recorded events of an attempt, as far as `timeline` goes, as JSON text. Raises StoreError."""
    return format_attempt(events(timeline.run_id), attempt, timeline.seq)


def what_if(
    run_id: str,
    *,
    recognized: Recognized | None = None,
    ask_judge: bool = False,
    credentials: Credentials | None = None,
    on_progress: OnProgress | None = None,
    **changes: Unpack[Changes],
) -> RunWhatIf:
    """What a recorded run would have done with another reward, validators, threshold, N or fail_count. See WhatIfs.ask."""
    return default().what_ifs.ask(
        run_id,
        recognized=recognized,
        ask_judge=ask_judge,
        keys=(credentials or Credentials()).keys,
        on_progress=on_progress,
        **changes,
    )


def ask_what_if(
    timeline: Timeline,
    spec: ProgramSpec,
    *,
    ask_judge: bool = False,
    credentials: Credentials | None = None,
    limit_s: float | None = None,
) -> RunWhatIf:
    """The same for a whole description, which differs from the run's in what a what-if may change. See WhatIfs.ask.

    limit_s: about how many seconds scoring may take in all; what is left out by then is not known.
    """
    keys = (credentials or Credentials()).keys
    return default().what_ifs.ask_spec(timeline, spec, ask_judge=ask_judge, keys=keys, limit_s=limit_s)


def compute_rewards(run_id: str) -> ComputedRewards:
    """Run the recorded reward on the attempts whose reward is unknown, and add what it returns to the run. See runs.computing."""
    return _compute_rewards(default(), run_id)


def keep_what_if(answer: RunWhatIf) -> KeptWhatIf:
    """Keep a what-if beside its run. Raises SpecError if there are too many already; StoreError."""
    return kept_what_ifs.keep(default().store, answer)


def kept_what_ifs_of(run_id: str) -> list[KeptWhatIf]:
    """The what-ifs kept beside a run, the newest first. Raises StoreError."""
    return kept_what_ifs.list_kept(default().store, run_id)


def drop_what_if(run_id: str, kept_id: str) -> bool:
    """Remove a kept what-if; whether there was one. Raises StoreError."""
    return kept_what_ifs.drop(default().store, run_id, kept_id)


def describe_api_call(spec: ProgramSpec, call: Call) -> ApiCall | None:
    """What a recorded call sent, to be written as code; None for a model that no server answers for."""
    roles = {"advice": spec.adviser, "judge": spec.judge}
    left_out = [name for retry in call.retries for name in retry.left_out]
    return describe_call(roles.get(call.purpose) or spec.model, call.messages, call.params, left_out)
