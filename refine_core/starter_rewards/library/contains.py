import re


def reward(args, pred):
    """1 if the expected answer stands in the output as whole words: "12" is found neither in "1250" nor in "-12"."""
    wanted, text = str(args["answer"]).strip(), str(pred.answer)
    if not wanted:
        return 0.0
    alone = r"(?<![\w-])(?<!\d[.,])" + re.escape(wanted) + r"(?!\w|[.,]\d)"
    found = re.search(alone, text, re.IGNORECASE)
    return float(found is not None)
