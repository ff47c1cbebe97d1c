import ast
import re


def reward(args, pred):
    """1 if the output is Python that parses, alone or in a ```python block, and does something."""
    text = str(pred.answer)
    block = re.search(r"```(?:python|py)?\s*\n(.*?)```", text, re.DOTALL)
    try:
        tree = ast.parse(block[1] if block else text)
    except (SyntaxError, ValueError) as error:
        return Score(0.0, feedback=f"does not parse: {error}")
    statements = [one for one in tree.body if not isinstance(one, (ast.Expr, ast.Pass))]
    if not statements:
        return Score(0.0, feedback="it parses, but defines and assigns nothing")
    return 1.0
