"""refine_core: run a program of language-model calls again and again until a reward is satisfied, and keep every event.

    from refine_core import LM, Predict, Refine, configure
    configure(lm=LM("openai/gpt-4o-mini"))
    best = Refine(Predict("question -> answer"), N=3, reward_fn=one_word, threshold=1.0)(question="…")

The names below are loaded when first used: importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from refine_core import events, runs
    from refine_core.adapters import Adapter, AutoAdapter, ChatAdapter, JSONAdapter, JSONSchemaAdapter
    from refine_core.callbacks import BaseCallback
    from refine_core.concurrency.cancellation import Cancel
    from refine_core.configuration import configure, context, settings
    from refine_core.doctor import Examination, examine
    from refine_core.errors import (
        BatchError,
        Halt,
        InfrastructureError,
        InputError,
        LMError,
        ParseError,
        ProgramError,
        RecordingFailed,
        RefineError,
        RewardError,
        RunCancelled,
        SignatureError,
        SpecError,
        StateError,
        StoreError,
        UnsafeLoadError,
        WorkerError,
    )
    from refine_core.lm import LM, BaseLM, ScriptedLM
    from refine_core.lm.cached_calls import configure_cache
    from refine_core.lm.history import History
    from refine_core.lm.recent_calls import inspect_history
    from refine_core.log.codec import decode, encode
    from refine_core.log.folds import timeline
    from refine_core.log.recorder import Recorder
    from refine_core.log.scope import Collector, Record, Scope, Sink, use_scope
    from refine_core.log.scope import use_scope as within
    from refine_core.log.summaries import Summary, summarize
    from refine_core.log.timeline import Timeline
    from refine_core.loop import Loop, Plan, decide, evolve, schedule
    from refine_core.modules import (
        ChainOfThought,
        Completions,
        Example,
        Module,
        Parallel,
        Parameter,
        Predict,
        Prediction,
    )
    from refine_core.modules.saved_files import load
    from refine_core.practice import PracticeLM
    from refine_core.refine import AttemptResult, BestOfN, Refine, Refinement, Validator
    from refine_core.refine import AttemptResult as Tried
    from refine_core.refine.advice import advise
    from refine_core.refine.advice_request import OfferAdvice
    from refine_core.refine.build import Pipeline
    from refine_core.rewards import RewardRunner, Score
    from refine_core.rewards.shapes import ArgumentQuestion, Recognized, recognize
    from refine_core.rows import MappingQuestion, Row, RowSet, read_rows, rows_of_run
    from refine_core.runs import what_if as what_if_of_run
    from refine_core.signatures import (
        Field,
        InputField,
        OutputField,
        Signature,
        ensure_signature,
        infer_prefix,
        make_signature,
    )
    from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
    from refine_core.spec.source import program_source
    from refine_core.store import MemoryStore, SqlStore, open_store
    from refine_core.usage import UsageTracker, track_usage
    from refine_core.workbench import Scores, score_rows
    from refine_core.xray import Parting, Xray, find_parting, xray_row

_HOME = {
    "adapters": ("Adapter", "AutoAdapter", "ChatAdapter", "JSONAdapter", "JSONSchemaAdapter"),
    "callbacks": ("BaseCallback",),
    "concurrency.cancellation": ("Cancel",),
    "configuration": ("configure", "context", "settings"),
    "doctor": ("Examination", "examine"),
    "errors": (
        "BatchError",
        "Halt",
        "InfrastructureError",
        "InputError",
        "LMError",
        "ParseError",
        "ProgramError",
        "RecordingFailed",
        "RefineError",
        "RewardError",
        "RunCancelled",
        "SignatureError",
        "SpecError",
        "StateError",
        "StoreError",
        "UnsafeLoadError",
        "WorkerError",
        "Xray",
    ),
    "lm": ("LM", "BaseLM", "ScriptedLM"),
    "practice": ("PracticeLM",),
    "lm.cached_calls": ("configure_cache",),
    "lm.history": ("History",),
    "lm.recent_calls": ("inspect_history",),
    "log.codec": ("decode", "encode"),
    "log.folds": ("timeline",),
    "log.timeline": ("Timeline",),
    "log.summaries": ("Summary", "summarize"),
    "log.recorder": ("Recorder",),
    "log.scope": ("Collector", "Record", "Scope", "Sink", "use_scope"),
    "loop": ("Loop", "Plan", "decide", "evolve", "schedule"),
    "modules": (
        "ChainOfThought",
        "Completions",
        "Example",
        "Module",
        "Parallel",
        "Parameter",
        "Parting",
        "Predict",
        "Prediction",
    ),
    "modules.saved_files": ("load",),
    "refine": ("AttemptResult", "BestOfN", "Refine", "Refinement", "Validator"),
    "refine.advice": ("advise",),
    "refine.advice_request": ("OfferAdvice",),
    "refine.build": ("Pipeline",),
    "rewards": ("RewardRunner", "Score"),
    "rewards.shapes": ("ArgumentQuestion", "Recognized", "recognize"),
    "rows": ("MappingQuestion", "Row", "RowSet", "read_rows", "rows_of_run"),
    "signatures": (
        "Field",
        "InputField",
        "OutputField",
        "Signature",
        "ensure_signature",
        "infer_prefix",
        "make_signature",
    ),
    "spec": ("ModelSpec", "ProgramSpec", "StageSpec"),
    "spec.source": ("program_source",),
    "store": ("MemoryStore", "SqlStore", "open_store"),
    "usage": ("UsageTracker", "track_usage"),
    "workbench": ("Scores", "score_rows"),
    "xray": ("Parting", "Xray", "find_parting", "xray_row"),
}
_MODULES = ("events", "runs")
_RENAMED = {"Tried": "AttemptResult", "within": "use_scope"}
"""Old public name -> the name to use; the old one still works, with a DeprecationWarning."""
_ALIASES = {"what_if_of_run": ("runs", "what_if")}
"""Public name -> module and the name there, where `refine_core.NAME` is a package already."""
_WHERE = {name: module for module, names in _HOME.items() for name in names}
_WHERE |= {old: _WHERE[new] for old, new in _RENAMED.items()}
_WHERE |= {name: module for name, (module, _) in _ALIASES.items()}

__all__ = [
    "LM",
    "Adapter",
    "ArgumentQuestion",
    "AttemptResult",
    "AutoAdapter",
    "BaseCallback",
    "BaseLM",
    "BatchError",
    "BestOfN",
    "Cancel",
    "ChainOfThought",
    "ChatAdapter",
    "Collector",
    "Completions",
    "Examination",
    "Example",
    "Field",
    "Halt",
    "History",
    "InfrastructureError",
    "InputError",
    "InputField",
    "JSONAdapter",
    "JSONSchemaAdapter",
    "LMError",
    "Loop",
    "MappingQuestion",
    "MemoryStore",
    "ModelSpec",
    "Module",
    "OfferAdvice",
    "OutputField",
    "Parallel",
    "Parameter",
    "ParseError",
    "Parting",
    "Pipeline",
    "Plan",
    "PracticeLM",
    "Predict",
    "Prediction",
    "ProgramError",
    "ProgramSpec",
    "Recognized",
    "Record",
    "Recorder",
    "RecordingFailed",
    "Refine",
    "RefineError",
    "Refinement",
    "RewardError",
    "RewardRunner",
    "Row",
    "RowSet",
    "RunCancelled",
    "Scope",
    "Score",
    "Scores",
    "ScriptedLM",
    "Signature",
    "SignatureError",
    "Sink",
    "SpecError",
    "SqlStore",
    "StageSpec",
    "StateError",
    "StoreError",
    "Summary",
    "Timeline",
    "Tried",
    "UnsafeLoadError",
    "UsageTracker",
    "Validator",
    "WorkerError",
    "Xray",
    "advise",
    "configure",
    "configure_cache",
    "context",
    "decide",
    "decode",
    "encode",
    "ensure_signature",
    "events",
    "evolve",
    "examine",
    "find_parting",
    "infer_prefix",
    "inspect_history",
    "load",
    "make_signature",
    "open_store",
    "program_source",
    "read_rows",
    "recognize",
    "rows_of_run",
    "runs",
    "schedule",
    "score_rows",
    "settings",
    "summarize",
    "timeline",
    "track_usage",
    "use_scope",
    "what_if_of_run",
    "within",
    "xray_row",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"refine_core.{name}")
    if name not in _WHERE:
        from refine_core.absent import absence

        raise AttributeError(absence(name, __all__))
    new = _RENAMED.get(name, name)
    at_home = _ALIASES[name][1] if name in _ALIASES else new
    value: object = getattr(import_module(f"refine_core.{_WHERE[name]}"), at_home)
    if new == name:
        globals()[name] = value
    else:
        import warnings

        warnings.warn(f"{name} is deprecated; use {new}", DeprecationWarning, stacklevel=2)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
