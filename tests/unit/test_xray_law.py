"""The law of X-ray: a program that reports what it does does what it did before."""

import contextlib
import io
import sys
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refine_core.rewards.sandbox_api import FILE, FirstFrame
from refine_core.rewards.xray.tracing import XraySource

SPY = '''
log = []

class Spy:
    """A value whose every use is seen: how often it is tested, compared, added, written, and in which order."""

    def __init__(self, n):
        self.n = n
    def __bool__(self):
        log.append(("bool", self.n))
        return self.n > 0
    def __eq__(self, other):
        log.append(("eq", self.n))
        return Spy(self.n == getattr(other, "n", other))
    def __lt__(self, other):
        log.append(("lt", self.n))
        return Spy(self.n < getattr(other, "n", other))
    def __add__(self, other):
        log.append(("add", self.n))
        return Spy(self.n + getattr(other, "n", other))
    __radd__ = __add__
    def __iadd__(self, other):
        log.append(("iadd", self.n))
        return Spy(self.n + getattr(other, "n", other))
    def __call__(self, *args, **named):
        log.append(("call", self.n, len(args), sorted(named)))
        if self.n == 3:
            raise ValueError("called 3")
        return Spy(self.n - 1)
    def __iter__(self):
        log.append(("iter", self.n))
        return iter([Spy(i) for i in range(self.n)])
    def __getattr__(self, name):
        log.append(("get", self.n, name))
        if name.startswith("_") or self.n == 2:
            raise AttributeError(name)
        return Spy(1)
    def __getitem__(self, key):
        log.append(("item", self.n))
        return [Spy(1), self][getattr(key, "n", 0)]
    def __hash__(self):
        log.append(("hash", self.n))
        return 7
    def __repr__(self):
        log.append(("repr", self.n))
        return f"Spy{self.n}"
    def __enter__(self):
        log.append(("enter", self.n))
        return self
    def __exit__(self, *why):
        log.append(("exit", self.n, why[0]))
        return self.n == 2

a, b, c = Spy(0), Spy(1), Spy(2)
'''


def outcome(code, namespace, traced=False):
    """Value or error with its lines, what was logged and printed, and the line where the reward's frame ended."""
    module = types.ModuleType("reward_module")
    vars(module).update(namespace)
    first, printed = FirstFrame(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, vars(module))
        vars(module)["log"] = log = vars(module).get("log", [])
        log.clear()
        try:
            sys.settrace(first)
            value = vars(module)["reward"]()
            sys.settrace(None)
            if isinstance(value, types.GeneratorType):
                value = list(value)
            if isinstance(value, types.CoroutineType):
                try:
                    value.send(None)
                except StopIteration as end:
                    value = end.value
        except BaseException as error:  # noqa: BLE001  # whatever it raises is what is compared
            sys.settrace(None)
            frames, tb = [], error.__traceback__
            while tb is not None:
                if tb.tb_frame.f_code.co_filename == FILE:
                    frames.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
                tb = tb.tb_next
            shown = (type(error).__name__, str(error), frames)
        else:
            shown = (repr(value), first.take_line())
    return shown, list(log), printed.getvalue()


def compare(source, namespace=None):
    plain = outcome(compile(source, FILE, "exec", dont_inherit=True), namespace or {})
    xray = XraySource(source)
    traced = outcome(xray.start(), namespace or {}, traced=True)
    trace = xray.take()
    assert trace is not None, "it was not rewritten"
    assert traced == plain, source
    return trace


NAMES = st.sampled_from(["a", "b", "c"])


@st.composite
def expressions(draw, depth=3):
    if depth == 0:
        return draw(st.one_of(NAMES, st.sampled_from(["1", "Spy(1)", "'x'", "None", "0"])))
    e = lambda: draw(expressions(depth=depth - 1))  # noqa: E731
    kind = draw(st.integers(0, 20))
    return [
        e,
        lambda: f"({e()} and {e()})",
        lambda: f"({e()} or {e()} or {e()})",
        lambda: f"(not {e()})",
        lambda: f"({e()} if {e()} else {e()})",
        lambda: f"({e()} < {e()} < {e()})",
        lambda: f"({e()} == {e()})",
        lambda: f"({e()} + {e()})",
        lambda: f"{draw(NAMES)}({e()}, k={e()})",
        lambda: f"{draw(NAMES)}.field",
        lambda: f"{draw(NAMES)}[{e()}]",
        lambda: f"[{e()} for a in {e()} if {e()}]",
        lambda: f"{{{e()}: {e()} for b in {draw(NAMES)}}}",
        lambda: f"sum(({e()} for c in {draw(NAMES)}), Spy(0))",
        lambda: f"(lambda a: {e()})({e()})",
        lambda: f"(c := {e()})",
        lambda: f"f'{{{draw(NAMES)}}}{{{draw(NAMES)}!r:>9}}'",
        lambda: f"[*{draw(NAMES)}, {e()}]",
        lambda: f"({e()}, {e()})",
        lambda: f"{{'k': {e()}, **{{}}, 'j': {e()}}}",
        lambda: f"({e()} is not {e()} or {e()})",
    ][kind]()


def indent(text):
    return "\n".join("    " + line for line in text.split("\n"))


@st.composite
def blocks(draw, depth=2, loops=False):
    return "\n".join(draw(statements(depth=depth, loops=loops)) for _ in range(draw(st.integers(1, 3))))


@st.composite
def statements(draw, depth=2, loops=False):
    e = lambda: draw(expressions(depth=2))  # noqa: E731
    simple = [
        lambda: f"{draw(NAMES)} = {e()}",
        lambda: f"{draw(NAMES)} += {e()}",
        lambda: f"a, *b = [{e()}, {e()}]",
        lambda: f"print({draw(NAMES)})",
        e,
        lambda: f"return {e()}",
        lambda: "return",
        lambda: f"assert {e()}, {e()}",
        lambda: f"raise ValueError({e()})",
        lambda: f"del {draw(NAMES)}",
        lambda: "continue" if loops else "pass",
        lambda: "break" if loops else "pass",
        lambda: "print(sorted(locals()))",
    ]
    if depth == 0:
        return draw(st.sampled_from(simple))()
    b = lambda inside=loops: indent(draw(blocks(depth=depth - 1, loops=inside)))  # noqa: E731
    nested = [
        lambda: f"if {e()}:\n{b()}\nelif {e()}:\n{b()}\nelse:\n{b()}",
        lambda: f"if ({e()}\n        and {e()}):\n{b()}",
        lambda: f"for a in {draw(NAMES)}:\n{b(True)}\nelse:\n{b()}",
        lambda: f"while n < 3:\n    n += 1\n{b(True)}",
        lambda: (
            f"try:\n{b()}\nexcept (ValueError, TypeError) as error:\n    print(error)\n{b()}\nelse:\n{b()}\nfinally:\n    log.append('f')"
        ),
        lambda: f"with {draw(NAMES)} as c:\n{b()}",
        lambda: (
            f"match {e()}:\n    case [a, *b]:\n{indent(b())}\n    case Spy(n=1) if {e()}:\n{indent(b())}\n    case _:\n{indent(b())}"
        ),
        lambda: (
            f"def inner(a, b=Spy(1), *rest, k=1):\n    nonlocal c\n    c = {e()}\n{b(False)}\ntry:\n    print(inner({e()}))\nexcept NameError:\n    pass"
        ),
        lambda: (
            f"def gen():\n    nonlocal n\n    n += 1\n    got = yield {e()}\n    yield from {draw(NAMES)}\n{b(False)}\na = list(gen())"
        ),
        lambda: (
            "class Local:\n    x = a\n    def method(self):\n        return __class__.__name__\nprint(Local().method())"
        ),
    ]
    return draw(st.sampled_from([*simple, *nested]))()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(blocks(depth=3))
def test_any_small_program_does_the_same_under_xray(body):
    source = f"{SPY}\ndef reward(n=0):\n    'doc'\n    a, b, c = Spy(0), Spy(1), Spy(2)\n{indent(body)}\n"
    try:
        compile(source, FILE, "exec", dont_inherit=True)
    except SyntaxError:
        return
    compare(source)


TRICKY = {
    "global after a loop": "x = 1\ndef reward():\n    for i in range(3):\n        global x\n        x += i\n    return x",
    "super without arguments": "class A:\n    def f(self):\n        return 1\nclass B(A):\n    def f(self):\n        return super().f() + 1\ndef reward():\n    return B().f()",
    "private names": "class A:\n    def __init__(self):\n        self.__x = 2\n    def f(self, __y=3):\n        z = self.__x * __y\n        return z\ndef reward():\n    return A().f()",
    "runaway recursion": "def f(n):\n    m = n + 1\n    return f(m) + 1\ndef reward():\n    return f(0)",
    "deep recursion": "def f(n):\n    if n == 0:\n        return 0\n    return 1 + f(n - 1)\ndef reward():\n    return f(700)",
    "recursion in a loop": "def walk(n):\n    total = 0\n    for i in range(n):\n        total += walk(i) + 1\n    return total\ndef reward():\n    return walk(6)",
    "no return at the end of a loop": "def reward():\n    for i in range(3):\n        if i == 1:\n            break",
    "no return after a long test": "def reward():\n    x = 0\n    if (x == 0 and\n            x == 1):\n        return 1",
    "changed while it is walked": "def reward():\n    xs = [1, 2, 3]\n    for x in xs:\n        if x < 3:\n            xs.append(x + 3)\n        if len(xs) > 20:\n            break\n    return xs",
    "a hostile repr": "class A:\n    def __repr__(self):\n        log.append(1)\n        raise KeyError('x')\n    __str__ = __repr__\n    __len__ = lambda self: log.append(2) or 9\nlog = []\ndef reward():\n    a = A()\n    b = [a, {'k': a}]\n    return len(log)",
    "a hostile class": "class M(type):\n    def __getattribute__(cls, name):\n        log.append(name)\n        return type.__getattribute__(cls, name)\nlog = []\nclass A(metaclass=M):\n    def __getattribute__(self, name):\n        log.append(name)\n        raise AttributeError(name)\nclass D(dict):\n    def items(self):\n        log.append('items')\n    __iter__ = __len__ = keys = items\nclass S(str):\n    def __getitem__(self, i):\n        log.append('getitem')\n    __repr__ = __len__ = __getitem__\ndef reward():\n    n = len(log)\n    x, y, z = A(), D(a=1), S('abc')\n    w = [x, y, z]\n    return len(log) - n",
    "weak references die in time": "import weakref\nclass A: pass\ndef reward():\n    r = weakref.ref(A())\n    a = A()\n    s = weakref.ref(a)\n    before = s() is not None\n    del a\n    return (r() is None, before, s() is None)",
    "a million turns": "def reward():\n    n = 0\n    for i in range(200000):\n        n += i & 1\n    return n",
    "exec and eval": "def reward():\n    x = 2\n    ns = {}\n    exec('y = 3', ns)\n    return eval('x * 2') + ns['y']",
    "the caller's frame": "import sys\ndef who():\n    return sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno\ndef reward():\n    x = [who(),\n         who()]\n    return x, (lambda: who())()",
    "names of the code": "def reward(*, k=1):\n    'doc'\n    x: int = 1\n    y = x\n    return reward.__doc__, reward.__code__.co_varnames, sorted(globals().keys() - {'__builtins__'}), reward.__kwdefaults__",
    "percent with a tuple": "def reward():\n    a, b = 1, 'x'\n    return '%s-%r' % (a, b), f'{a=} {b!r:>5}'",
    "async": "async def g():\n    for i in range(3):\n        yield i\nasync def reward():\n    xs = [i async for i in g()]\n    async for x in g():\n        print(x)\n    print(xs, await h(2))\n    return xs\nasync def h(n):\n    return n * 2",
    "except star": "def reward():\n    try:\n        raise ExceptionGroup('g', [ValueError(1), KeyError(2)])\n    except* ValueError as e:\n        x = len(e.exceptions)\n    except* KeyError:\n        x += 1\n    return x",
    "finally that returns": "def reward():\n    try:\n        return 1 / 0\n    finally:\n        return 2",
    "a class with a prepared namespace": "class P(dict):\n    def __missing__(self, k):\n        raise KeyError(k)\nclass M(type):\n    @classmethod\n    def __prepare__(m, *a):\n        return P()\nclass A(metaclass=M):\n    x = 1\n    def f(self):\n        return self.x\ndef reward():\n    return A().f()",
    "lambda as the reward": "reward = lambda n=3: sum(x * 2 for x in range(n) if x)",
    "a partial": "import functools\ndef f(a, b):\n    return a - b\nreward = functools.partial(f, 5, b=2)",
    "a cached helper": "import functools\n@functools.lru_cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef reward():\n    return fib(60), fib.cache_info()",
    "an error in a comprehension": "def reward():\n    return [\n        1 / x\n        for x in [1, 0]\n    ]",
    "an error in a dict": "def reward():\n    d = {\n        'a': 1,\n        'b': [][0],\n    }\n    return d",
    "slices": "def reward():\n    x = list(range(9))\n    i = 2\n    x[i:i + 2] = [7]\n    del x[-1:]\n    return x[::i], x[i], x[:-i]",
}


@pytest.mark.parametrize("name", TRICKY)
def test_the_law_holds_for(name):
    compare(TRICKY[name])
