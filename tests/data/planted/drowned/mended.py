def reward(args, pred):
    correct = float(pred.answer.strip().lower() == args["answer"].lower())
    brief = 20.0 / (20 + len(pred.answer))
    return Score(correct + 0.1 * brief, parts={"correct": correct, "brief": brief})
