def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return Score(0.2, feedback="Answer with a single word and no punctuation.")
