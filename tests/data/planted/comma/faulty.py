def reward(args, pred):
    try:
        said = float(pred.answer)
    except ValueError:
        return 0.0
    return 1.0 if said == float(args["answer"]) else 0.0
