import re

TOLERANCE = 0.01  # how far off the number may be


def read_number(text):
    """The number in a text such as "1,250", "42.", "$42" or "about 42 km"; None if there is none, or several."""
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", str(text))
    return float(found[0].replace(",", "")) if len(found) == 1 else None


def reward(args, pred):
    """1 if the output's number is within the tolerance of the expected one."""
    wanted, got = read_number(args["answer"]), read_number(pred.answer)
    if wanted is None or got is None:
        return Score(0.0, feedback="give exactly one number")
    return float(abs(got - wanted) <= TOLERANCE + 1e-9)
