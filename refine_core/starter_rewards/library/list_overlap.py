import re


def read_items(value):
    """The items of a list, or of a text with one in each line or between commas; without bullets and capitals."""
    parts = value if isinstance(value, (list, tuple, set)) else re.split(r"[\n,;]", str(value))
    items = (str(part).strip().strip("-*•.").strip().casefold() for part in parts)
    return {item for item in items if item}


def reward(args, pred):
    """Items in both lists, as a share of the items in either (Jaccard); order and repetition do not count."""
    wanted, got = read_items(args["answer"]), read_items(pred.answer)
    if not wanted or not got:
        return 0.0
    extra = sorted(got - wanted)  # what is missing is only counted: an adviser that reads its name would hand it on
    feedback = f"{len(wanted - got)} of {len(wanted)} items are missing; too many: {', '.join(extra) or 'none'}"
    return Score(len(wanted & got) / len(wanted | got), feedback=feedback)
