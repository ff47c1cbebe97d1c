def reward(args, pred):
    """1 for the expected word alone, else 0.2 and the reason."""
    if pred.answer == args["expected"]:
        return 1.0
    return Score(0.2, feedback="Wrong.")
