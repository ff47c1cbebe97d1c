def reward(args, pred):
    right = args["answer"].lower() in pred.answer.lower().split()
    return 0.3 * right + 0.7 * min(1.0, len(pred.answer) / 200)
