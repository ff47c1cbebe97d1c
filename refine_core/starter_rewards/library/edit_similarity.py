def count_edits(one, other):
    """Letters to add, drop or change to make one text of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, compared in enumerate(other, 1):
            change = diagonal + (letter != compared)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, change)
    return row[-1]


def reward(args, pred):
    """1 for the expected text, less for every letter that differs, 0 if none is alike."""
    wanted, got = str(args["answer"]).strip(), str(pred.answer).strip()
    if not wanted or not got:
        return 0.0
    return 1 - count_edits(wanted, got) / max(len(wanted), len(got))
