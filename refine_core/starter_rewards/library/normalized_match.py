import re


def normalize(text):
    """Lower case, "1250" for "1,250", no punctuation around words, no articles, one blank between words."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", str(text).casefold())
    words = [word.strip(".,;:!?\"'`*()[]") for word in text.split()]
    return " ".join(word for word in words if word and word not in ("a", "an", "the"))


def reward(args, pred):
    """1 if the output is the expected answer but for capitals, punctuation, articles and blanks."""
    wanted, got = normalize(args["answer"]), normalize(pred.answer)
    return float(wanted != "" and got == wanted)
