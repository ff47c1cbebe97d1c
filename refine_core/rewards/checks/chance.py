"""What differs from one call to the next: random numbers without a seed, the clock, hash() of text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding

_RANDOM = frozenset((
    "betavariate", "choice", "choices", "expovariate", "gauss", "getrandbits", "normal", "normalvariate", "permutation",
    "rand", "randbytes", "randint", "randn", "random", "random_sample", "randrange", "sample", "shuffle", "standard_normal",
    "triangular", "uniform",
))  # fmt: skip
_ALWAYS = frozenset((
    "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today", "os.urandom",
    "random.SystemRandom", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.process_time", "time.time", "time.time_ns", "uuid.uuid1", "uuid.uuid4",
))  # fmt: skip
_CLOCKS = ("time.", "datetime.")
_GENERATORS = frozenset(("random.Random", "numpy.random.default_rng", "numpy.random.RandomState"))
_SEEDS = frozenset(("random.seed", "numpy.random.seed"))
_SEED_FIX = "Seed it from the output or from an input: random.Random(seed)."


def check_chance(code: Code) -> Iterator[Finding]:
    """Each call of such a source, the first of each name."""
    modules = _list_imports(code)
    calls = [(_full_name(node.func, modules), node) for node in code.select(ast.Call)]
    is_seeded = any(name in _SEEDS and node.args for name, node in calls)
    reported = set[str]()
    for name, node in sorted(calls, key=lambda one: (one[1].lineno, one[1].col_offset)):
        message = _describe(name, node, is_seeded=is_seeded) if name not in reported else ""
        if message:
            reported.add(name)
            line, column, end, _ = code.lines.locate_text(node)
            yield Finding("chance", "note", message, line, column, end, subject=name)


def _describe(name: str, call: ast.Call, *, is_seeded: bool) -> str:
    """What to say about a call; "" for any other."""
    module, _, last = name.rpartition(".")
    if name == "hash" and call.args and not isinstance(call.args[0], ast.Constant):
        return "hash() of text differs from one process to the next. hashlib gives the same everywhere."
    if name in _ALWAYS or module == "secrets":
        if name.startswith(_CLOCKS):
            return f"{last}() reads the clock: if the score depends on it, the same output is scored differently later."
        return f"{last}() differs in every call: the same output can be scored differently. {_SEED_FIX}"
    if name in _GENERATORS and not call.args and not call.keywords:
        return f"{last}() without a seed differs in every call. {_SEED_FIX}"
    if module in {"random", "numpy.random"} and last in _RANDOM and not is_seeded:
        return f"{name}() differs in every call: the same output can be scored differently. {_SEED_FIX}"
    return ""


def _list_imports(code: Code) -> dict[str, str]:
    """Name in the source -> what is imported under it, dotted."""
    names: dict[str, str] = {}
    for node in code.select(ast.Import, ast.ImportFrom):
        match node:
            case ast.Import(names=aliases):
                for one in aliases:
                    names[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for one in aliases:
                    names[one.asname or one.name] = f"{module}.{one.name}"
            case _:
                continue
    return names


def _full_name(node: ast.AST, imports: dict[str, str]) -> str:
    """The dotted name of what is called, as imports say: "random.choice"; "" for anything of the source's own."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    first = imports.get(node.id) or ("hash" if node.id == "hash" and not parts else "")
    return ".".join((first, *reversed(parts))) if first else ""
