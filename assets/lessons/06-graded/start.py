def reward(args, pred):
    """All or nothing: the record, letter by letter."""
    return 1.0 if pred.record == args["wanted"] else 0.0
