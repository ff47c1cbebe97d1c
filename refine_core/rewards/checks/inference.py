"""Follows what the model wrote, and what was given, through the names of a source: what kind each expression is.

    infer_kinds(*codes) -> Kinds      kinds.of(node) -> Kind

A name may have several assignments: it is what all of them agree on. A parameter of the source's own functions is what all
calls pass. Nothing is run, and what cannot be known is UNKNOWN.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from refine_core.rewards.checks.argument_kinds import get_field_kind, list_argument_kinds
from refine_core.rewards.checks.code import Code, Scope, iter_own_nodes, list_positional
from refine_core.rewards.checks.kinds import UNBOUND, UNKNOWN, Kind, join_kinds, mix_kinds

_PASSES = 3  # over the source; a helper that is defined after its use needs a second one
_TO_TEXT = frozenset((
    "capitalize", "casefold", "expandtabs", "format", "group", "join", "ljust", "lower", "lstrip", "removeprefix",
    "removesuffix", "replace", "rjust", "rstrip", "strip", "sub", "swapcase", "title", "translate", "upper", "zfill",
))  # fmt: skip
_OF_TEXT = frozenset((
    "capitalize", "casefold", "endswith", "lower", "lstrip", "rstrip", "splitlines", "startswith", "strip", "title", "upper",
))  # fmt: skip
"""Methods that only text has: what they are called on is text."""
_TO_TEXTS = frozenset(("split", "rsplit", "splitlines", "partition", "rpartition", "findall"))
_TO_INT = frozenset(("find", "rfind", "index", "count", "isdigit", "startswith", "endswith"))
_TO_FLOAT = frozenset(("ratio", "quick_ratio", "sqrt", "exp", "log", "fsum", "mean", "stdev", "random"))
_TO_MATCH = frozenset(("search", "match", "fullmatch"))
_SEQUENCES = frozenset(("list", "tuple", "set", "frozenset", "sorted", "reversed", "filter", "iter"))
_BY_NAME: Mapping[str, str] = {
    "str": "text", "repr": "text", "float": "float", "int": "int", "len": "int", "ord": "int", "bool": "int",
    "hash": "int", "isinstance": "int", "any": "int", "all": "int", "dict": "dict",
}  # fmt: skip
_BINDING = (
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp,
    ast.GeneratorExp, ast.DictComp, ast.Call, ast.Return,
)  # fmt: skip
_CONSTANTS: Mapping[type, str] = {str: "text", float: "float", int: "int", bool: "int"}
_Path = tuple[str, ...]
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Kinds:
    """The kinds of all names of a source; see infer_kinds."""

    def __init__(self, codes: Sequence[Code]) -> None:
        self._code = code = codes[0]
        self._arguments: dict[tuple[ast.AST, str], Kind] = {
            (one.function, name): kind
            for one in codes
            if one.function is not None
            for name, kind in list_argument_kinds(one).items()
        }
        self._scopes: list[ast.AST] = [
            code.tree,
            *(
                node
                for node in code.nodes
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            ),
        ]
        self._nodes = {scope: list(iter_own_nodes(scope)) for scope in self._scopes}
        self._scope_of = {node: scope for scope, nodes in self._nodes.items() for node in nodes}
        self._binding = {
            scope: [node for node in nodes if isinstance(node, _BINDING)]
            for scope, nodes in self._nodes.items()
        }
        self._functions = {
            node.name: node
            for node in code.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self._texts: set[tuple[object, ...]] = {
            path
            for node in code.nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _OF_TEXT
            and (path := self._key(node.func.value, self._scope_of.get(node, code.tree)))
        }
        self._known: dict[tuple[ast.AST, str], Kind] = {}
        self._next: dict[tuple[ast.AST, str], Kind] = {}
        self._returned: dict[ast.AST, Kind] = {}
        for _ in range(_PASSES):
            before = self._known
            self._pass()
            if self._known == before:
                break

    def of(self, node: ast.AST) -> Kind:
        """What an expression is."""
        return self._infer(node, self._scope_of.get(node, self._code.tree))

    def _pass(self) -> None:
        self._next = {**self._arguments}
        for scope in self._scopes:
            returned = []
            for node in self._binding[scope]:
                self._bind_names(node, scope)
                if isinstance(node, ast.Return) and node.value is not None:
                    returned.append(self._infer(node.value, scope))
            self._returned[scope] = join_kinds(returned)
        self._known = self._next

    def _bind_names(self, node: ast.AST, scope: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self._infer(value, scope), scope)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                self._bind(target, self._infer(value, scope), scope)
            case ast.AugAssign(target=target, value=value):
                self._bind(target, self._combine(node.op, target, value, scope), scope)
            case ast.For(target=target, iter=begun) | ast.AsyncFor(target=target, iter=begun):
                self._bind(target, self._infer(begun, scope).element, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for one in node.generators:
                    self._bind(one.target, self._infer(one.iter, scope).element, scope)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self._functions:
                self._pass_arguments(self._functions[name], arguments, scope)
            case _:
                pass

    def _bind(self, target: ast.AST, kind: Kind, scope: ast.AST) -> None:
        match target:
            case ast.Name(id=name):
                self._next[scope, name] = join_kinds((self._next.get((scope, name), UNBOUND), kind))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                each = kind.items if len(kind.items) == len(parts) else (kind.element,) * len(parts)
                for part, one in zip(parts, each, strict=True):
                    self._bind(part, one, scope)
            case ast.Starred(value=value):
                self._bind(value, kind.as_type("list"), scope)
            case _:
                pass

    def _pass_arguments(self, function: _Definition, arguments: Sequence[ast.expr], scope: ast.AST) -> None:
        if any(isinstance(one, ast.Starred) for one in arguments):
            return
        for name, argument in zip(list_positional(function), arguments, strict=False):
            if (function, name) not in self._arguments:  # of a reward, which its framework calls
                self._bind(ast.Name(id=name), self._infer(argument, scope), function)

    def _look_up(self, name: str, scope: ast.AST) -> Kind:
        around: ast.AST | None = scope
        while around is not None:
            kind = self._next.get((around, name)) or self._known.get((around, name))
            if kind is not None:
                return kind
            around = next(
                (one for one in self._code.around(around) if isinstance(one, (*Scope, ast.Module))), None
            )
        return UNKNOWN

    def _infer(self, node: ast.AST, scope: ast.AST) -> Kind:
        kind = self._infer_plainly(node, scope)
        if kind.type == "" and (key := self._key(node, scope)) and key in self._texts:
            return kind.as_type("text")
        return kind

    def _key(self, node: ast.AST, scope: ast.AST) -> tuple[object, ...]:
        """What names the same value elsewhere: a path, `pred.answer`; a plain name within its function only."""
        return (scope, node.id) if isinstance(node, ast.Name) else _path_of(node)

    def _infer_plainly(self, node: ast.AST, scope: ast.AST) -> Kind:
        match node:
            case ast.Name(id=name):
                return self._look_up(name, scope)
            case ast.Constant(value=value):
                return Kind(_CONSTANTS.get(type(value), ""))
            case (
                ast.Attribute(value=value, attr=name)
                | ast.Subscript(value=value, slice=ast.Constant(value=str(name)))
            ):
                return get_field_kind(self._code, self._infer(value, scope), name)
            case ast.Subscript(value=value, slice=key):
                return _take(self._infer(value, scope), key)
            case ast.Call():
                return self._infer_call(node, scope)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._infer(operand, scope).as_type("int")
            case ast.UnaryOp(operand=value) | ast.Await(value=value) | ast.NamedExpr(value=value):
                return self._infer(value, scope)
            case _:
                return self._infer_compound(node, scope)

    def _infer_compound(self, node: ast.AST, scope: ast.AST) -> Kind:
        """What is made of several parts."""
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(op, left, right, scope)
            case ast.Compare(left=left, comparators=others):
                return self._mix("int", (left, *others), scope)
            case ast.BoolOp(values=values):
                return join_kinds(self._infer(one, scope) for one in values)
            case ast.IfExp(body=body, orelse=orelse):
                return join_kinds((self._infer(body, scope), self._infer(orelse, scope)))
            case ast.JoinedStr(values=values):
                parts = [one.value for one in values if isinstance(one, ast.FormattedValue)]
                return self._mix("text", parts, scope)
            case ast.Dict(values=values):
                return self._mix("dict", values, scope)
            case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
                item = self._infer(element, scope)
                return item.as_type("list", item)
            case ast.List(elts=elements) | ast.Set(elts=elements):
                item = join_kinds(self._infer(one, scope) for one in elements)
                return item.as_type("list", item)
            case ast.Tuple(elts=elements):
                items = tuple(self._infer(one, scope) for one in elements)
                mixed = mix_kinds("tuple", items)
                return Kind("tuple", mixed.written, mixed.given, None, items)
            case _:
                return UNKNOWN

    def _mix(self, name: str, nodes: Iterable[ast.AST], scope: ast.AST) -> Kind:
        return mix_kinds(name, (self._infer(one, scope) for one in nodes))

    def _infer_call(self, call: ast.Call, scope: ast.AST) -> Kind:
        arguments = [self._infer(one, scope) for one in call.args]
        match call.func:
            case ast.Attribute(value=value, attr="get") if call.args and isinstance(
                call.args[0], ast.Constant
            ):
                found = get_field_kind(self._code, self._infer(value, scope), str(call.args[0].value))
                return join_kinds((found, *arguments[1:])) if found.type else found
            case ast.Attribute(value=value, attr=method):
                owner = self._infer(value, scope)
                return _call_method(method, owner, mix_kinds("", (owner, *arguments)))
            case ast.Name(id=name) if name in self._functions:
                returned = self._returned.get(self._functions[name], UNKNOWN)
                mixed = mix_kinds("", arguments or (returned,))  # of this call, not of all calls
                return Kind(returned.type, mixed.written, mixed.given, returned.item, returned.items)
            case ast.Name(id="getattr") if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                return get_field_kind(self._code, arguments[0], str(call.args[1].value))
            case ast.Name(id=name):
                return _call_builtin(name, arguments)
            case _:
                return mix_kinds("", arguments)

    def _combine(self, op: ast.operator, left: ast.AST, right: ast.AST, scope: ast.AST) -> Kind:
        first, second = self._infer(left, scope), self._infer(right, scope)
        types = {first.type, second.type}
        name = ""
        if isinstance(op, ast.Div):
            name = "float" if types & {"int", "float"} and types <= {"int", "float", ""} else ""
        elif isinstance(op, ast.Mod) and first.type == "text":
            name = "text"
        elif isinstance(op, (ast.Add, ast.Mult, ast.Sub, ast.Mod)):
            numbers = (
                "float"
                if types <= {"int", "float"} and "float" in types
                else "int"
                if types == {"int"}
                else ""
            )
            name = "text" if "text" in types and isinstance(op, ast.Add) else numbers
        return mix_kinds(name, (first, second))


def infer_kinds(*codes: Code) -> Kinds:
    """The kinds of everything in a source. codes: its reward functions, at least one."""
    return Kinds(codes)


def _path_of(node: ast.AST) -> _Path:
    """`pred.answer`, `args["answer"]`, `text` as a path; () for anything else."""
    parts: list[str] = []
    while True:
        match node:
            case (
                ast.Attribute(value=value, attr=name)
                | ast.Subscript(value=value, slice=ast.Constant(value=str(name)))
            ):
                parts.append(name)
                node = value
            case ast.Name(id=name):
                return (name, *parts) if parts else ()
            case _:
                return ()


def _take(owner: Kind, key: ast.AST) -> Kind:
    if isinstance(key, ast.Slice):
        return owner
    if (
        owner.items
        and isinstance(key, ast.Constant)
        and isinstance(key.value, int)
        and abs(key.value) < len(owner.items)
    ):
        return owner.items[key.value]
    return owner.element


def _call_method(method: str, owner: Kind, mixed: Kind) -> Kind:
    if method in _TO_TEXT and owner.type in ("", "text", "match"):
        return mixed.as_type("text")
    if method in _TO_TEXTS:
        return mixed.as_type("list", mixed.as_type("found" if method == "findall" else "text"))
    if method in _TO_MATCH:
        return mixed.as_type("match")
    for names, kind in ((_TO_INT, "int"), (_TO_FLOAT, "float")):
        if method in names:
            return mixed.as_type(kind)
    return mixed


def _call_builtin(name: str, arguments: Sequence[Kind]) -> Kind:
    mixed = mix_kinds("", arguments)
    if name in _BY_NAME:
        return mixed.as_type(_BY_NAME[name])
    if name in _SEQUENCES:
        return mixed.as_type("list", arguments[-1].element if arguments else None)
    if name == "zip":
        items = tuple(one.element for one in arguments)
        return mixed.as_type("list", Kind("tuple", mixed.written, mixed.given, None, items))
    if name == "enumerate" and arguments:
        return mixed.as_type(
            "list", Kind("tuple", mixed.written, mixed.given, None, (Kind("int"), arguments[0].element))
        )
    if name in {"min", "max", "abs"}:
        return (
            mixed.as_type("")
            if len(arguments) != 1
            else mixed.as_type(arguments[0].type if name == "abs" else arguments[0].element.type)
        )
    if name in {"sum", "next"} and arguments:
        return mixed.as_type(arguments[0].element.type)
    return mixed
