def reward(args, pred):
    right = pred.answer.strip().lower() == args["answer"].lower()
    short = len(pred.answer) <= 20
    return 0.8 * right + 0.2 * short
