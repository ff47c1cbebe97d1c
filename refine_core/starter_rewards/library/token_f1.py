import re
from collections import Counter


def reward(args, pred):
    """F1 of the words: how many of the expected ones are there, and how many of the output's are expected."""
    wanted = Counter(re.findall(r"\w+", str(args["answer"]).lower()))
    got = Counter(re.findall(r"\w+", str(pred.answer).lower()))
    same = sum((wanted & got).values())
    if same == 0:
        return 0.0
    precision, recall = same / sum(got.values()), same / sum(wanted.values())
    return 2 * precision * recall / (precision + recall)
