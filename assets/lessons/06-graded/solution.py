def reward(args, pred):
    """A third for each wanted fact that the record names."""
    facts = args["wanted"].split(", ")
    named = [fact for fact in facts if fact in pred.record]
    return len(named) / len(facts)
