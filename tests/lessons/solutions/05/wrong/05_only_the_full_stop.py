def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return Score(0.2, feedback="Leave out the full stop.")
