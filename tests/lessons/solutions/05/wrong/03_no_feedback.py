def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return 0.2
