"""Bytecode that no compiler makes: the interpreter itself goes wrong."""
import types
def reward(args, pred):
    code = reward.__code__.replace(co_code=bytes([100, 255] * 500 + [83, 0]), co_stacksize=1, co_consts=(), co_name="f" * 10**6, co_firstlineno=2**31 - 1)
    return types.FunctionType(code, {})()
