def reward(args, pred):
    said = pred.answer.strip().lower()
    return 1.0 if said == args["answer"].lower() else 0.0
