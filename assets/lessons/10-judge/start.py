def reward(args, pred):
    """What passes, and what does not."""
