def reward(args, pred):
    """Whether the reply helps: it says what comes, and by which day."""
    reply = pred.reply.lower()
    return 1.0 if args["item"] in reply and args["day"] in reply else 0.0
