def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    return Score(
        value=0.2,
        feedback="Your answer has to be a single word, without a period at the end.",
        parts={"words": len(pred.answer.split())},
    )
