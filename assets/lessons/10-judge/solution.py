def reward(args, pred):
    """The order and the day, in at most twenty words."""
    named = args["order"] in pred.reply and args["day"] in pred.reply
    short = len(pred.reply.split()) <= 20
    return 1.0 if named and short else 0.0
