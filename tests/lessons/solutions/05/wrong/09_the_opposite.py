def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return Score(0.2, feedback="Answer in a full sentence of at least five words.")
