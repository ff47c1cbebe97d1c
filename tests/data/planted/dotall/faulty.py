import re

FORM = re.compile(r"<think>.*</think>\s*<answer>(.*)</answer>")


def reward(completions, answer, **kwargs):
    scores = []
    for text, right in zip(completions, answer):
        found = FORM.fullmatch(text.strip())
        said = found.group(1).strip().rstrip(".").replace(",", "") if found else ""
        scores.append(1.0 if said == right else 0.0)
    return scores
