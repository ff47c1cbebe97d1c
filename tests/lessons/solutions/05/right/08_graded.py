def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    value = 0.6 if len(pred.answer.split()) == 1 else 0.2
    return Score(value, feedback="At most one word. No period.")
