"""The architecture: who may import whom, and what stays out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "refine_core"
PAGES = ROOT / "pages"

# A package imports only those listed before it (and itself).
PACKAGES = (
    "lazy_names",
    "displayed",
    "formatting",
    "glossary",
    "absent",
    "statistics",
    "jsonable",
    "errors",
    "concurrency",
    "python_parser",
    "differences",
    "english",
    "hints",
    "left_out",
    "spec.limits",
    "spec.schedule",
    "reasoning",
    "spec.program",
    "events",
    "loop",
    "log",
    "unseen",
    "markdown",
    "budget",
    "signatures",
    "spec",
    "configuration",
    "callbacks",
    "usage",
    "lm",
    "practice",
    "store.home",
    "local_model",
    "connect",
    "estimates",
    "adapters",
    "modules",
    "rewards",
    "refine",
    "executors",
    "messages",
    "stop_summary",
    "verdict",
    "call_snippets",
    "remarks",
    "uptake",
    "play",
    "figures",
    "comparison",
    "rows",
    "what_if",
    "export.leaving_out",
    "export.otel",
    "store",
    "interop",
    "runs",
    "starter_rewards",
    "programs",
    "connections",
    "workbench",
    "cases",
    "xray",
    "doctor",
    "hint_tests",
    "datasets",
    "experiments",
    "lessons",
    "export",
    "program_child",
    "program_files",
    "cli",
)
# What the pages may use.
PUBLIC_API = {
    "cases",
    "datasets",
    "experiments",
    "hint_tests",
    "lessons",
    "doctor",
    "comparison",
    "differences",
    "export",
    "uptake",
    "runs",
    "programs",
    "program_files",
    "connections",
    "local_model",
    "rows",
    "workbench",
    "figures",
    "formatting",
    "glossary",
    "hints",
    "messages",
    "errors",
    "play",
    "statistics",
    "unseen",
    "what_if",
    "xray",
}


def sources(folder):
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def imported(path):
    """Dotted names that a file imports, wherever in it, with its line; typing-only ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def package_of(dotted):
    """The package that a module of the core belongs to; None for refine_core itself."""
    parts = dotted.split(".")[1:]
    if not parts:
        return None
    two = ".".join(parts[:2])
    return two if two in PACKAGES else parts[0]


def test_each_package_imports_only_those_listed_before_it():
    wrong = []
    for path in sources(CORE):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        here = package_of(dotted)
        if here is None:
            continue  # refine_core itself: it imports every package, lazily
        assert here in PACKAGES, f"{path.name} is in no package of the list: {here}"
        for name, line in imported(path):
            if not name.startswith("refine_core.") or name == "refine_core.__version__":
                continue
            there = package_of(name)
            if there == "spec" and here in ("events", "loop", "log"):
                there = (
                    "spec.program"  # `refine_core.spec` shows the program's description and nothing below it
                )
            if there is not None and PACKAGES.index(there) > PACKAGES.index(here):
                wrong.append(f"{path.relative_to(ROOT)}:{line} ({here}) imports {name} ({there})")
    assert wrong == []


def runtime_imports(path):
    """Dotted names that a file imports when it runs, in functions too, but not for typing alone."""
    waiting = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def import_graph(folder):
    """Module of the core -> the modules that it imports; refine_core itself is left out, as it imports all, lazily."""
    paths = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
        for p in sources(folder)
    }
    del paths["refine_core"]

    def module_of(name):
        while name and name not in paths:
            name = name.rpartition(".")[0]
        return name

    return {
        name: {module_of(other) for other in runtime_imports(path)} - {name, ""}
        for name, path in paths.items()
    }


def circles(graph):
    """The groups of modules that import one another, by way of others too."""

    def reach(start):
        found, waiting = set(), [start]
        while waiting:
            new = graph[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    reached = {name: reach(name) for name in graph}
    return {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }


def test_no_modules_import_each_other_in_a_circle():
    assert circles(import_graph(CORE)) == set()


def test_the_search_for_circles_finds_one():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {("b", "c")}


def test_the_core_never_imports_the_screen_or_dspy():
    """But for the recorder, which runs inside somebody's dspy program and nowhere else."""
    banned = {"streamlit", "plotly", "pandas", "dspy", "pages", "app"}
    recorder = CORE / "interop" / "dspy_recording" / "recorder.py"
    wrong = [
        f"{p.relative_to(ROOT)}: {n}"
        for p in sources(CORE)
        for n, _ in imported(p)
        if n.split(".")[0] in banned and (p != recorder or n.split(".")[0] != "dspy")
    ]
    assert wrong == []


def test_litellm_is_imported_in_one_package_only():
    wrong = [
        p
        for p in (*sources(CORE), *sources(PAGES))
        if p.parent != CORE / "lm"
        and re.search(r"import_module\(.litellm|^\s*(import|from) litellm", p.read_text(), re.MULTILINE)
    ]
    assert wrong == []


def test_the_app_parses_python_on_one_thread_at_a_time():
    """Two threads that call ast.parse at once may fail: refine_core/python_parser.py. A worker or a command has one thread."""
    one_thread = {
        "rewards/xray/rewrite.py",
        "starter_rewards/library/code_parses.py",
        "program_child/function_source.py",
    }
    found = {path.relative_to(CORE).as_posix() for path in sources(CORE) if "ast.parse(" in path.read_text()}
    assert found - one_thread == {"python_parser.py"}
    assert not [path for path in sources(PAGES) if "ast.parse(" in path.read_text(encoding="utf-8")]


def test_pages_use_the_public_api_and_nothing_deeper():
    wrong = []
    for path in (*sources(PAGES), ROOT / "app.py"):
        for name, line in imported(path):
            parts = name.split(".")
            if parts[0] == "refine_core" and parts[1] not in PUBLIC_API:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_no_page_imports_another():
    wrong = []
    for path in sources(PAGES):
        own = path.relative_to(PAGES).parts[0]
        for name, line in imported(path):
            parts = name.split(".")
            if parts[0] == "pages" and len(parts) > 1 and parts[1] not in (own, "shared"):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_no_script_lies_directly_in_pages():
    """Streamlit would run it alone on a cold deep link, without app.py."""
    assert [p.name for p in PAGES.glob("*.py")] == ["__init__.py"]


def test_nothing_lets_text_become_markup():
    banned = re.compile(
        r"unsafe_allow_html|unsafe_allow_javascript|data-testid|innerHTML|insertAdjacentHTML|st\.html\("
    )
    files = [
        *sources(PAGES),
        ROOT / "app.py",
        *(p for p in (ROOT / "assets").rglob("*.js") if "dist" not in p.parts),
    ]
    assert [f.name for f in files if f.is_file() and banned.search(f.read_text(encoding="utf-8"))] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_public_names_are_guarded_and_importable():
    import refine_core

    assert sorted(refine_core.__all__) == sorted([*refine_core._WHERE, *refine_core._MODULES])
    missing = [name for name in refine_core.__all__ if getattr(refine_core, name, None) is None]
    assert missing == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_public_name_is_documented():
    import refine_core

    assert [n for n in refine_core.__all__ if not (getattr(refine_core, n).__doc__ or "").strip()] == []


PROCESS = """
import gc, importlib, logging, os, pkgutil, signal, sys, threading, types
import httpx, refine_core
def state():
    return {
        "the record factory": logging.getLogRecordFactory(),
        "the collector's thresholds": gc.get_threshold(),
        "the environment": dict(os.environ),
        "httpx's transports": [dict(vars(c)) for c in (httpx.HTTPTransport, httpx.AsyncHTTPTransport)],
        "the import path": list(sys.path),
        "signal handlers": [signal.getsignal(s) for s in signal.valid_signals()],
        "threads": threading.enumerate(),
    }
before = state()
for found in pkgutil.walk_packages(refine_core.__path__, "refine_core."):
    if found.name.endswith(".env"):
        continue  # alembic's own script, which it runs and nobody imports
    if found.name == "refine_core.interop.dspy_recording.recorder":
        continue  # it needs dspy, and runs in a program that has it
    if found.name == "refine_core.export.otel.outcome":
        continue  # it needs the extra otel, and is imported by what sends spans alone
    module = importlib.import_module(found.name)
    assert type(module) is types.ModuleType, f"{found.name} changes its class"
    for what, value in state().items():
        assert value == before[what], f"importing {found.name} changes {what}"
"""


def test_no_import_changes_the_process():
    """What does, is listed in refine_core/lm/process_wide.py, and waits for the first call of a real model."""
    done = subprocess.run(
        [sys.executable, "-c", PROCESS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_changes_the_process_is_done_where_it_is_listed():
    changes = re.compile(
        r"setLogRecordFactory|gc\.(set_threshold|disable|freeze)|os\.environ(\[[^]]*\] =|\.setdefault|\.update)|os\.putenv"
        r"|register_at_fork|atexit\.register|signal\.signal\(|\.__class__ = |catch_warnings|sys\.set(profile|recursionlimit)"
    )
    listed = {"lm/process_wide.py", "lm/log_guard.py", "store/sql.py", "python_parser.py"}
    listed |= {"interop/dspy_recording/background.py", "program_files/process.py"}
    listed.add("cli/serve.py")  # the command's own process, before the app starts in it
    listed |= {"interop/dspy_recording/rewards.py", "export/otel/live.py"}
    listed.add("program_child/__main__.py")  # a process of its own
    found = {
        path.relative_to(CORE).as_posix()
        for path in sources(CORE)
        if changes.search(path.read_text(encoding="utf-8"))
    }
    in_worker = {"rewards/sandbox_api.py", "rewards/xray/tracing.py"}
    assert found - listed == in_worker, "a reward's worker is a process of its own"


@pytest.mark.parametrize("heavy", ["litellm", "sqlalchemy", "alembic", "pydantic", "pyarrow", "streamlit"])
def test_importing_the_core_loads_nothing_heavy(heavy):
    code = f"import refine_core, sys; refine_core.Refine, refine_core.Predict, refine_core.ScriptedLM; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_run_here_loads_nothing_of_what_runs_elsewhere():
    code = """
import sys, tempfile, pathlib
from refine_core.runs import Runs
from refine_core.store import open_store
Runs(open_store(pathlib.Path(tempfile.mkdtemp()))).close()
parts = ("dask", "distributed", "psycopg", "refine_core.executors")
print(*sorted(one for one in sys.modules if one.startswith(tuple(f"{part}." for part in parts))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["refine_core.executors.choice", "refine_core.executors.protocol"]


def test_the_ci_runs_the_readmes_own_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [block.strip() for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)]
    tests = [c for c in commands if "pytest" in c]
    assert len(tests) == 1, "the README has one command that runs the tests"
    assert tests[0] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_ported_script_in_the_docs_is_the_one_that_is_tested():
    guide = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    script = (ROOT / "tests" / "data" / "ported_script.py").read_text(encoding="utf-8")
    _docstring, body = script.split("import os\n\nimport dspy\n", 1)
    assert f"```python\nimport os\n\nimport refine_core as dspy\n{body}```" in guide


def test_the_server_listens_on_loopback_and_keeps_quiet():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "type"


def reads_the_clock(node):
    """Whether this is time.monotonic() or the like. The time that the processor spends is no such clock."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.monotonic", "time.perf_counter")


def is_unchecked_join(call):
    """Whether this is thread.join(30): it returns after 30 s whether or not the thread has ended."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "join":
        return False
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    texts = isinstance(call.func.value, ast.Constant)
    return not texts and (not values or (len(values) == 1 and is_number(values[0])))


def is_number(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def waits_by_the_clock(tree):
    """The lines that sleep, join a thread without a look at it, or assert something of the time that passed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            sleeps = ast.unparse(node.func) in ("time.sleep", "asyncio.sleep", "sleep")
            turn_of_the_loop = sleeps and ast.unparse(node.args[0]) == "0"
            if (sleeps and not turn_of_the_loop) or is_unchecked_join(node):
                yield node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            durations = {
                target.id
                for one in ast.walk(node)
                if isinstance(one, ast.Assign) and isinstance(one.value, ast.BinOp)
                for target in one.targets
                if isinstance(target, ast.Name) and any(map(reads_the_clock, ast.walk(one.value)))
            }
            for one in ast.walk(node):
                if isinstance(one, ast.Assert) and any(
                    reads_the_clock(part) or (isinstance(part, ast.Name) and part.id in durations)
                    for part in ast.walk(one.test)
                ):
                    yield one.lineno


@pytest.mark.fault(44)
def test_tests_wait_for_events_and_not_for_the_clock():
    """tests.threads has what waits: finish, call_within, run_to_end, wait_for_event; eventually, where no event tells."""
    wrong = []
    for file in sources(ROOT / "tests"):
        if file.name != "threads.py" and "data" not in file.parts:
            lines = waits_by_the_clock(ast.parse(file.read_text(encoding="utf-8")))
            wrong += [f"{file.relative_to(ROOT)}:{line}" for line in sorted(set(lines))]
    assert wrong == []


@pytest.mark.fault(44)
@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("thread.join(30)", True),
        ("threads[0].join()", True),
        ("process.join(timeout=2.5)", True),
        ("time.sleep(1)", True),
        ("asyncio.sleep(LONG_S)", True),
        ("assert time.monotonic() - began < 2", True),
        ("took_s = time.perf_counter() - began; assert took_s < 2", True),
        ("', '.join(names)", False),
        ("separator.join(names)", False),
        ("runs.join(run_id, 30)", False),
        ("asyncio.sleep(0)", False),
        ("assert time.process_time() - began_s < 2", False),
    ],
)
def test_waiting_by_the_clock_is_recognised(line, wrong):
    assert bool(list(waits_by_the_clock(ast.parse(f"def test():\n    {line}")))) is wrong


def test_the_name_of_a_test_is_shorter_than_75_characters():
    name = re.compile(r"def (test_\w{70,})\(")
    files = [file for file in (ROOT / "tests").rglob("test_*.py") if "data" not in file.parts]
    assert [found for file in files for found in name.findall(file.read_text(encoding="utf-8"))] == []


def test_every_fault_that_measuring_found_has_a_test_that_names_it():
    """`@pytest.mark.fault(number)`. 31, 32 and 35 to 42 belong to later work; nothing else is left out."""
    named: set[object] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                named |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    later = {31, 32, *range(35, 43)}
    assert named - later == set(range(1, 66)) - later


def test_the_names_of_tests_are_claims_that_fit_on_a_line():
    names = [
        node.name
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    ]
    assert [name for name in names if len(name) >= 75] == []
