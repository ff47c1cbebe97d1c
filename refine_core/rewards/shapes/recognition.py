"""Which functions of a source are the reward, and of which shape.

    source --list_callables--> callables --find_shape--> matches --choose--> Recognized | ArgumentQuestion

Rule 1: what a person names is taken, and is asked about if its parameters tell no shape.
Rule 2: else every match counts, each as a part with a weight. Left out are functions that others of the source call,
        `_helpers`, classes of which the source makes an instance, and, where anything else matches, functions with
        one argument. A function called `reward` that takes inputs and prediction stands alone, as does `get_assert`.
Rule 3: a function that takes its arguments by general names (`output`) counts only where no framework's function is, or
        where that framework passes all of them.
Rule 4: without a match it is asked which argument is what; the number of arguments says nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from refine_core.errors import RewardError
from refine_core.rewards.shapes.binding import is_provided
from refine_core.rewards.shapes.callables import (
    RUBRICS,
    Callable,
    get_last_name,
    list_callables,
    list_functions_of,
    read_number,
)
from refine_core.rewards.shapes.names import EXPECTED, EXPECTED_WORDS, OUTPUT_WORDS, PROMPT_WORDS
from refine_core.rewards.shapes.rules import INPUT_WORDS, Match, find_listed, find_shape
from refine_core.rewards.shapes.types import (
    ROLES,
    SHAPES,
    ArgumentQuestion,
    Per,
    Recognized,
    RewardFunction,
    Shape,
)
from refine_core.rewards.source import find_reward, list_names, parse_reward

_LISTS: frozenset[Shape] = frozenset(("trl", "openrlhf"))
_EVALUATORS: frozenset[Shape] = frozenset(("langsmith", "langfuse", "mlflow", "braintrust"))
_DEFAULTS: Mapping[str, Shape] = {"reward": "refine", "get_assert": "promptfoo"}
"""Function that stands alone, whatever else is there: what its framework calls where nobody names another."""
_GENERAL = frozenset(("inputs", "outputs", "input", "output", "metadata"))
_DICT_METHODS = frozenset(("get", "items", "keys", "values"))

Weights = Mapping[str, float | None]


def recognize(
    source: str,
    functions: Sequence[str] | Weights | None = None,
    shape: Shape | None = None,
    *,
    arguments: Mapping[str, str] | None = None,
    columns: Collection[str] | None = None,
) -> Recognized | ArgumentQuestion:
    """The reward functions of a source, by the names of their parameters and by their decorators.

    functions: which of them, with weights if it is a mapping (None: the weight that the source gives, else 1).
    shape: of all of them, where a person has chosen it. arguments: parameter -> role, as answers to a question.
    columns: of the rows to score; with them, a parameter for which there is none is asked about.
    Raises: RewardError, "SyntaxError" or "NoReward"; ValueError for an unknown shape or role.
    """
    if shape is not None and shape not in SHAPES:
        raise ValueError(f"no shape is called {shape!r}; the names are {', '.join(SHAPES)}")
    _check_roles(arguments or {})
    tree = parse_reward(source)
    callables = {one.name: one for one in list_callables(tree)}
    weights, rubric = _read_weights(tree, callables), frozenset(_read_rubrics(tree))
    if shape == "refine":
        names = list(functions) if functions else [find_reward(source)]
        chosen = [callables.get(name) or _unknown(source, name) for name in names]
    elif functions:
        chosen = [_named(callables, name, source) for name in functions]
    else:
        chosen = _choose(tree, callables, shape, weights, rubric)
    candidates = tuple(_unmatched(tree, callables))
    if not chosen:
        if not candidates:
            raise RewardError(
                "no reward function found: the source defines none that takes arguments. "
                "Example: def reward(args, pred): return 1.0",
                type_name="NoReward",
            )
        chosen = [_most_likely(candidates)]
    if isinstance(functions, Mapping):
        weights |= {name: weight for name, weight in functions.items() if weight is not None}
    found: list[RewardFunction] = []
    for one in chosen:
        match = _match(one, shape, arguments, is_listed=one.name in rubric)
        if match is None:
            others = tuple(c.name for c in candidates if c.name != one.name)
            return _ask(one, one.parameters, arguments or {}, columns, others)
        found.append(_to_function(one, match, tree, weights.get(one.name), arguments or {}))
    mentioned = list_names(source)
    recognized = Recognized(source, tuple(found), tuple(name for name in EXPECTED if name in mentioned))
    return recognized if columns is None else _find_missing_columns(recognized, columns) or recognized


def list_function_names(source: str) -> tuple[str, ...]:
    """Names of all that a source defines and that can be called. Raises RewardError for a syntax error."""
    return tuple(one.name for one in list_callables(parse_reward(source)))


def recognize_reward(source: str, name: str | None = None) -> Recognized:
    """The reward of a recorded or saved program: always `refine`, chosen as find_reward chooses it. Raises RewardError."""
    recognized = recognize(source, [find_reward(source, name)], "refine")
    assert isinstance(recognized, Recognized)  # noqa: S101  # a given shape is never asked about
    return recognized


def find_run_shape(source: str, name: str | None = None) -> Shape:
    """The shape in which a newly given source is called in a run: what its parameters tell, else `refine`.

    name: which of its functions, where a person has chosen. Raises nothing.
    """
    try:
        found = recognize(source, None if name is None else [name])
    except RewardError:
        return "refine"
    if isinstance(found, ArgumentQuestion) or found.per == "group":
        return "refine"
    return found.shape


def _find_missing_columns(recognized: Recognized, columns: Collection[str]) -> ArgumentQuestion | None:
    """A question about required parameters for which neither the shape nor the rows have a value; None if all have one.

    columns: names of the rows' inputs and expected values.
    """
    for one in recognized.functions:
        missing = tuple(
            name
            for name in one.parameters
            if name in one.required
            and name not in one.arguments
            and name not in columns
            and not is_provided(one.shape, one.parameters, name)
        )
        if missing:
            return ArgumentQuestion(
                one.name,
                one.line,
                missing,
                _choices(columns),
                f"{one.name} is read as {SHAPES[one.shape]}, and the rows have no column for "
                f"{_join(missing)}. Which value is it?",
                _suggest(missing, columns),
            )
    return None


def _check_roles(arguments: Mapping[str, str]) -> None:
    for name, role in arguments.items():
        if role not in ROLES and not role.startswith("column:"):
            raise ValueError(
                f"{name} cannot be {role!r}; an argument is one of {', '.join(ROLES)}, or column:NAME"
            )


def _named(callables: Mapping[str, Callable], name: str, source: str) -> Callable:
    return callables.get(name) or _unknown(source, name)


def _unknown(source: str, name: str) -> Callable:
    """A name that the source binds to something from elsewhere. Raises RewardError if it binds no such name."""
    find_reward(source, name.partition(".")[0])
    return Callable(name, (name,), 1, None)


def _choose(
    tree: ast.Module,
    callables: Mapping[str, Callable],
    shape: Shape | None,
    weights: Mapping[str, float],
    rubric: Collection[str],
) -> list[Callable]:
    offered = [one for one in callables.values() if one.is_offered]
    matches = {
        one.name: match
        for one in offered
        if (match := find_listed(one) if one.name in rubric else find_shape(one)) is not None
    }
    if shape is not None and any(match.shape == shape for match in matches.values()):
        matches = {name: match for name, match in matches.items() if match.shape == shape}
    if listed := [callables[name] for name in weights if name in matches]:
        marked = [one for name, one in callables.items() if name in matches and "reward" in one.decorators]
        return listed + [one for one in marked if one not in listed]
    called = _called_by_others(tree, callables)
    made_from = {one.made for one in callables.values() if one.made and one.name in matches}
    names = [name for name in matches if name not in called and name not in made_from]
    names = [name for name in names if not name.startswith("_")] or names
    names = next(
        ([own] for own, its in _DEFAULTS.items() if own in names and matches[own].shape == its), names
    )
    names = _drop_general(names, matches, callables)
    several = [name for name in names if len(callables[name].parameters) > 1 or callables[name].takes_any]
    return [callables[name] for name in several or names]


def _drop_general(
    names: list[str], matches: Mapping[str, Match], callables: Mapping[str, Callable]
) -> list[str]:
    """Without functions of general names, where others are a framework's: unless it calls evaluators by those names, too."""
    special = {matches[name].shape for name in names} - {"by_name"}
    if not special:
        return names
    known = _GENERAL if special <= _EVALUATORS else frozenset[str]()
    return [name for name in names if matches[name].shape != "by_name" or callables[name].required <= known]


def _unmatched(tree: ast.Module, callables: Mapping[str, Callable]) -> list[Callable]:
    """Functions that a person may have meant, those that nothing else calls first."""
    called = _called_by_others(tree, callables)
    of_interest = [
        one
        for one in callables.values()
        if one.is_offered and one.parameters and not one.name.startswith("_")
    ]
    return [one for one in of_interest if one.name not in called] or of_interest


def _most_likely(candidates: Sequence[Callable]) -> Callable:
    """`reward`, or the last: helpers stand before what uses them."""
    return next((one for one in candidates if one.name == "reward"), candidates[-1])


def _called_by_others(tree: ast.Module, callables: Mapping[str, Callable]) -> frozenset[str]:
    """Names of functions that another function of the source uses."""
    used: set[str] = set()
    for node in tree.body:
        own = getattr(node, "name", None)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            used |= {name.id for name in _iter_names(node) if name.id in callables and name.id != own}
    return frozenset(used)


def _iter_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterable[ast.Name]:
    """Names that the body uses; a decorator uses none, and neither does a registry, {"accuracy": accuracy_reward}."""
    for statement in node.body:
        listed = {
            value
            for inner in ast.walk(statement)
            if isinstance(inner, ast.Dict) and len(inner.values) > 1
            for value in inner.values
        }
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Name) and inner not in listed:
                yield inner


def _match(
    one: Callable, shape: Shape | None, arguments: Mapping[str, str] | None, *, is_listed: bool
) -> Match | None:
    match = find_listed(one) if is_listed else find_shape(one)
    if shape is not None:
        per: Per = "batch" if shape in _LISTS else "row"
        return match if match is not None and match.shape == shape else Match(shape, per)
    if match is None and arguments is not None and one.required <= arguments.keys():
        return Match("by_name")
    return match


def _to_function(
    one: Callable, match: Match, tree: ast.Module, weight: float | None, arguments: Mapping[str, str]
) -> RewardFunction:
    return RewardFunction(
        one.name,
        match.shape,
        one.line,
        one.parameters,
        match.per,
        one.is_async,
        1.0 if weight is None else weight,
        one.required,
        one.by_keyword,
        one.takes_any,
        one.access,
        {name: role for name, role in arguments.items() if name in one.parameters},
        _reads_messages(tree),
        _read_as_dicts(one),
    )


def _read_weights(tree: ast.Module, callables: Mapping[str, Callable]) -> dict[str, float]:
    """Weights that the source itself gives: of `@vf.reward(weight=…)`, `Rubric(funcs=[…], weights=[…])`, `add_reward_func(…, weight=…)`."""
    weights = {one.name: one.weight for one in callables.values() if one.weight is not None}
    return weights | {name: weight for name, weight in _read_rubrics(tree).items() if name in callables}


def _read_rubrics(tree: ast.Module) -> dict[str, float]:
    """Functions that the source hands to verifiers' rubrics, with their weights."""
    weights = dict[str, float]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        match node:
            case ast.Call(
                func=ast.Attribute(attr="add_reward_func" | "add_metric" as how), args=[ast.Name(id=name), *_]
            ):
                weight = read_number(given["weight"]) if "weight" in given else None
                weights[name] = weight if weight is not None else float(how == "add_reward_func")
            case _ if get_last_name(node) in RUBRICS:
                numbers = given.get("weights")
                factors = numbers.elts if isinstance(numbers, ast.List) else []
                for i, name in enumerate(list_functions_of(node)):
                    weight = read_number(factors[i]) if i < len(factors) else None
                    weights[name] = 1.0 if weight is None else weight
            case _:
                continue
    return weights


def _reads_messages(tree: ast.Module) -> bool:
    """Whether the source reads `["content"]` of something."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Constant(value="content")):
                return True
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value="content"), *_]):
                return True
            case _:
                continue
    return False


def _read_as_dicts(one: Callable) -> frozenset[str]:
    """Parameters that the function takes apart by keys."""
    if one.node is None:
        return frozenset()
    names = set[str]()
    for node in ast.walk(one.node):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str())):
                names.add(name)
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in _DICT_METHODS:
                names.add(name)
            case ast.keyword(arg=None, value=ast.Name(id=name)):
                names.add(name)
            case _:
                continue
    return frozenset(names & set(one.parameters))


def _ask(
    one: Callable,
    parameters: tuple[str, ...],
    known: Mapping[str, str],
    columns: Collection[str] | None,
    candidates: tuple[str, ...],
) -> ArgumentQuestion:
    open_ones = tuple(name for name in parameters if name not in known)
    return ArgumentQuestion(
        one.name,
        one.line,
        open_ones,
        _choices(columns or ()),
        f"{one.name} has the form of no framework known here. Which argument is what? "
        "Nothing is guessed from the order.",
        _suggest(open_ones, columns or ()),
        candidates,
    )


def _choices(columns: Collection[str]) -> dict[str, str]:
    # A set has another order in each process.
    ordered = sorted(columns) if isinstance(columns, AbstractSet) else columns
    return {**ROLES, **{f"column:{name}": name for name in ordered}}


def _suggest(names: Iterable[str], columns: Collection[str]) -> dict[str, str]:
    suggestions = {}
    for name in names:
        if name in columns:
            suggestions[name] = f"column:{name}"
        elif name in OUTPUT_WORDS:
            suggestions[name] = "output"
        elif name in EXPECTED_WORDS:
            suggestions[name] = "expected"
        elif name in PROMPT_WORDS:
            suggestions[name] = "input"
        elif name in INPUT_WORDS:
            suggestions[name] = "inputs"
    return suggestions


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
