MINIMUM, MAXIMUM = 20, 40


def reward(args, pred):
    """1 from MINIMUM to MAXIMUM words; the farther outside, the less, down to 0 for no word or twice the maximum."""
    words = len(str(pred.answer).split())
    if words < MINIMUM:
        value = words / MINIMUM
    else:
        value = 1 - max(0, words - MAXIMUM) / MAXIMUM
    return Score(max(0.0, value), feedback=f"{words} words; {MINIMUM} to {MAXIMUM} are wanted")
