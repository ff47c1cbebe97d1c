def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return Score(0.2, feedback="Give the bare word only, one word, nothing else.")
