import re

PATTERN = r"[A-Z]{2}-\d{4}"  # two capitals, a dash, four digits


def reward(args, pred):
    """1 if the whole output has the form of PATTERN; half if only a part of it has."""
    text = str(pred.answer).strip()
    if re.fullmatch(PATTERN, text):
        return 1.0
    if re.search(PATTERN, text):
        return Score(0.5, feedback="the form is there, with something around it")
    return Score(0.0, feedback=f"nothing here has the form {PATTERN}")
