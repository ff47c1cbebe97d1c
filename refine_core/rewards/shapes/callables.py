"""What a source binds that can be called: functions, lambdas, instances, products of factories, methods.

    tree --list_callables--> Callable(name, access, function, …)

Read from the syntax tree; a name that is bound to something from elsewhere has no parameters to read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from refine_core.rewards.source import iter_top_level

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEPTH = 5  # of names that stand for other names
_REWARD_DECORATORS = frozenset(("reward", "metric"))
RUBRICS = frozenset(("JudgeRubric", "Rubric"))
"""verifiers' classes that say which functions are rewards."""


@dataclass(frozen=True, slots=True)
class Callable:
    """Something that the source binds and that can be called.

    name: as a person chooses it. access: see RewardFunction. node: the definition that was found; None where it lies elsewhere.
    parameters, required, by_keyword, takes_any, is_async: of what is called in the end.
    decorators: last parts of their names, outermost first; of the factory, where there is one. owner: its class.
    weight: as a decorator gives it. made: of what of this source it is an instance or a product; "" if of nothing.
    is_offered: whether it may be the reward without being named; an ordinary method may not.
    """

    name: str
    access: tuple[str, ...]
    line: int
    node: Function | None
    parameters: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    by_keyword: frozenset[str] = frozenset()
    takes_any: bool = False
    is_async: bool = False
    decorators: tuple[str, ...] = ()
    owner: str = ""
    weight: float | None = None
    made: str = ""
    is_offered: bool = True


def list_callables(tree: ast.Module) -> tuple[Callable, ...]:
    """All callables of the top level in the order of their lines; of several bindings of a name the last."""
    found: dict[str, Callable] = {}
    for statement in iter_top_level(tree.body):
        for one in _bound_by(statement, found, tree):
            found[one.name] = one
    return tuple(sorted(found.values(), key=lambda one: one.line))


def _bound_by(node: ast.stmt, known: Mapping[str, Callable], tree: ast.Module) -> Iterator[Callable]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _of_definition(node, tree)
            yield from _of_environment(node)
        case ast.ClassDef():
            yield from _of_class(node)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and (one := _of_value(value, target.id, node.lineno, known)):
                    yield one
        case _:
            return


def _of_definition(node: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module) -> Callable:
    one = _of_function(node, node.name, (node.name,), node.lineno)
    decorators = tuple(get_last_name(decorator) for decorator in node.decorator_list)
    if inner := _find_returned_function(node):
        takes_nothing = not one.required
        if takes_nothing:
            product = _of_function(inner, node.name, (node.name, "()"), inner.lineno)
            return replace(product, decorators=decorators)
    for decorator in node.decorator_list:
        name = get_last_name(decorator)
        wrapper = _find_wrapper(tree, name) if isinstance(decorator, ast.Name) else None
        if wrapper is not None and _has_own_names(wrapper):
            one = replace(_of_function(wrapper, node.name, (node.name,), node.lineno), node=node)
            break
    return replace(one, decorators=decorators)


def _of_environment(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Callable]:
    """Functions inside verifiers' `load_environment`, reached through the rubric of the environment that it returns."""
    arguments = node.args
    if node.name != "load_environment" or len(arguments.defaults) < len(
        [*arguments.posonlyargs, *arguments.args]
    ):
        return
    inner = {one.name: one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    rubrics = [
        one.value
        for one in node.body
        if isinstance(one, ast.Assign)
        and isinstance(one.value, ast.Call)
        and get_last_name(one.value) in RUBRICS
    ]
    for rubric in rubrics[:1]:
        for i, name in enumerate(list_functions_of(rubric)):
            if name in inner:
                access = (node.name, "()", ".rubric", ".funcs", f"[{i}]")
                yield _of_function(inner[name], name, access, inner[name].lineno)


def list_functions_of(rubric: ast.Call) -> list[str]:
    """Names in `Rubric(funcs=[…])`; "" for what is no name."""
    given = next((keyword.value for keyword in rubric.keywords if keyword.arg == "funcs"), None)
    return (
        [one.id if isinstance(one, ast.Name) else "" for one in given.elts]
        if isinstance(given, ast.List)
        else []
    )


def _of_function(
    node: Function, name: str, access: tuple[str, ...], line: int, *, bound: bool = False
) -> Callable:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    given = len(positional) - len(arguments.defaults)
    required = [one.arg for one in positional[:given]]
    names = [one.arg for one in positional]
    if bound:
        names, required = names[1:], required[1:]
    keywords = [one.arg for one in arguments.kwonlyargs]
    required += [
        one.arg
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return Callable(
        name,
        access,
        line,
        node,
        tuple(names + keywords),
        frozenset(required),
        frozenset(keywords),
        arguments.kwarg is not None,
        isinstance(node, ast.AsyncFunctionDef),
    )


def _of_class(node: ast.ClassDef) -> Iterator[Callable]:
    """Its `measure` or `__call__`, reached through an instance made without arguments; and methods marked as rewards."""
    methods = {one.name: one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for method in methods.values():
        for decorator in method.decorator_list:
            if get_last_name(decorator) in _REWARD_DECORATORS:
                one = _of_function(
                    method,
                    f"{node.name}.{method.name}",
                    (node.name, "()", f".{method.name}"),
                    method.lineno,
                    bound=True,
                )
                yield replace(
                    one,
                    owner=node.name,
                    decorators=(get_last_name(decorator),),
                    weight=_read_weight(decorator),
                )
    for name in ("measure", "__call__", "forward", "score"):
        if name in methods:
            whole = name in {"__call__", "forward"}  # an instance is called itself
            access = (node.name, "()") if whole else (node.name, "()", f".{name}")
            yield _of_method(methods[name], node.name, node.name, access)
            break
    for name, method in methods.items():
        if not name.startswith("_"):
            path = f"{node.name}.{name}"
            if all(get_last_name(one) not in _REWARD_DECORATORS for one in method.decorator_list):
                yield replace(
                    _of_method(method, node.name, path, (node.name, "()", f".{name}")), is_offered=False
                )


def _of_method(
    method: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, name: str, access: tuple[str, ...]
) -> Callable:
    is_static = any(get_last_name(one) == "staticmethod" for one in method.decorator_list)
    one = _of_function(method, name, access, method.lineno, bound=not is_static)
    return replace(one, owner=owner)


def _of_value(value: ast.expr, name: str, line: int, known: Mapping[str, Callable]) -> Callable | None:
    match value:
        case ast.Lambda():
            return _of_function(value, name, (name,), line)
        case ast.Name(id=other) if other in known:
            return replace(
                known[other], name=name, line=line, access=(name, *known[other].access[1:]), made=other
            )
        case ast.Call(
            func=ast.Name(id="partial") | ast.Attribute(attr="partial"), args=[ast.Name(id=other), *rest]
        ):
            return _of_partial(value, name, line, known.get(other), len(rest))
        case ast.Call(func=ast.Name(id=other)) if other in known:
            return _of_product(known[other], name, line)
        case ast.Attribute(value=ast.Name(id=other) | ast.Call(func=ast.Name(id=other)), attr=method):
            owner = known.get(other)
            of = owner.owner if owner is not None else other
            whole = known.get(f"{of}.{method}")
            if whole is None:
                return None
            return replace(whole, name=name, access=(name,), line=line, made=of, is_offered=True)
        case _:
            return None


def _of_product(maker: Callable, name: str, line: int) -> Callable | None:
    """What a call of a class, or of a factory, of this source gives."""
    if maker.owner:
        rest = maker.access[2:]
        return replace(maker, name=name, line=line, access=(name, *rest), made=maker.name)
    if maker.node is None or isinstance(maker.node, ast.Lambda):
        return None
    if maker.access[1:] == (
        "()",
    ):  # a factory that could be called without arguments, and was called with some
        return replace(maker, name=name, line=maker.line, access=(name,), made=maker.name)
    if inner := _find_returned_function(maker.node):
        return replace(_of_function(inner, name, (name,), inner.lineno), made=maker.name)
    return None


def _of_partial(call: ast.Call, name: str, line: int, of: Callable | None, given: int) -> Callable | None:
    if of is None:
        return None
    named = {keyword.arg for keyword in call.keywords}
    left = tuple(one for one in of.parameters[given:] if one not in named)
    return replace(
        of,
        name=name,
        line=line,
        access=(name,),
        parameters=left,
        required=of.required & frozenset(left),
        by_keyword=of.by_keyword & frozenset(left),
        made=of.name,
    )


def _find_returned_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function | None:
    """The function that a factory returns: one defined directly in its body, or a lambda."""
    inner = {one.name: one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for statement in node.body:
        match statement:
            case ast.Return(value=ast.Name(id=name)) if name in inner:
                return inner[name]
            case ast.Return(value=ast.Lambda() as function):
                return function
            case _:
                continue
    return None


def _find_wrapper(tree: ast.Module, name: str) -> Function | None:
    """The function that a decorator of this source puts in place of the one that it decorates."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _find_returned_function(node)
    return None


def _has_own_names(function: Function) -> bool:
    return bool(function.args.args or function.args.posonlyargs or function.args.kwonlyargs)


def _read_weight(decorator: ast.expr) -> float | None:
    """The number of `@vf.reward(weight=0.5)`."""
    if isinstance(decorator, ast.Call):
        for keyword in decorator.keywords:
            if keyword.arg == "weight":
                return read_number(keyword.value)
    return None


def read_number(node: ast.expr) -> float | None:
    """A number that is written as one, signed or not."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def get_last_name(node: ast.AST) -> str:
    """The last part of what a decorator or a call names: "reward" of `@vf.reward(weight=1.0)`."""
    for _ in range(_DEPTH):
        if isinstance(node, ast.Call):
            node = node.func
        else:
            break
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
