"""The names of the code are the field's own: none that was replaced comes back. tests/test_screen_words.py: the strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = [
    ROOT / "app.py",
    *(f for part in ("refine_core", "pages", "benchmarks") for f in (ROOT / part).rglob("*.py")),
]

# What a class, a function or a module is no longer called, and what it is called instead.
NAMES = {
    "Ride": "AttemptContext",
    "Made": "AttemptArtifacts",
    "Tried": "AttemptResult",
    "Interrupted": "ResumeState",
    "Outcome": "RefineResult",
    "within": "use_scope",
    "Tape": "ReplayGuard",
    "cassette": "recording",
    "News": "RunNotifier",
    "post": "notify",
    "nonsense": "protocol_error",
    "put_right": "normalize_…",
    "sane_usage": "normalize_usage",
    "hide": "mask",
    "sayable": "safe_prefix",
    "adapter_in_force": "current_adapter",
    "fixed": "static_key",
    "mistake": "show_error",
    "plain": "escape_markdown or to_jsonable",
    "why_stopped": "stop_summary",
    "what_it_took": "usage_summary",
    "look_aside": "probe_models",
    "Board": "CheckReport",
    "say": "record",
    "Purse": "Budget",
    "LastTry": "RetryBudget",
    "Tempered": "TemperatureSchedule",
    "untempered": "fixed_temperature",
    "Work": "RunJob",
    "Together": "Gather",
    "Both": "SyncOrAsync",
    "Either": "MaybeAwaitable",
    "steps": "flow",
    "Steps": "Flow",
    "told": "notify or describe_…",
    "tell": "notify or describe_…",
    "heard": "on_…",
    "doors": "public API",
    "rooms": "packages",
    "house": "architecture",
    "place": "span_path",
    "door": "startup_lock",
    "confine": "sandbox",
    "stuck_line": "hung_at_line",
    "families": "capabilities",
    "takes": "supports",
    "fill": "complete_signature",
    "folded": "auto_expander",
    "Typed": "FormState",
    "typed": "read_form",
    "hold": "set",
    "held": "get",
    "forget": "clear",
    "moment": "format_time",
    "dollars": "format_cost",
    "count": "pluralize",
    "most": "max_…",
    "least": "min_…",
    "at_least": "min_…",
    "Prepared": "CompiledStatement",
}
MODULES = {
    "words": "formatting or messages",
    "calm": "nothing: it is gone",
    "guest": "sandbox_api",
    "confine": "sandbox",
    "trial": "connection_test",
    "check": "a part of connection_test",
    "blame": "a part of connection_test",
    "news": "notifier",
}
# The public names of before, which warn.
ALLOWED = {
    ("refine_core/log/scope.py", "within"),
    ("refine_core/experiments/outcomes.py", "Outcome"),  # of a cell; a driver's is RefineResult
}


def definitions() -> Iterator[tuple[str, str]]:
    """(where, name) of each class and function."""
    for file in CODE:
        where = str(file.relative_to(ROOT))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{where}:{node.lineno}", node.name


def test_no_module_has_a_name_that_was_given_up():
    """A module of cli/ is called as its command."""
    named = [f for f in CODE if f.stem in MODULES and f.parent.name != "cli"]
    assert [f"{f.relative_to(ROOT)} is {MODULES[f.stem]}" for f in named] == []


def test_no_class_or_function_has_a_name_that_was_given_up():
    found = [
        f"{where}: {name} is called {NAMES[name.strip('_')]}"
        for where, name in definitions()
        if name.removeprefix("_") in NAMES and (where.partition(":")[0], name) not in ALLOWED
    ]
    assert found == []
