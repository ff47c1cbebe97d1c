def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    words = len(pred.answer.split())
    return Score(0.2, feedback=f"You wrote {words} words. Write exactly 1 word, and no full stop after it.")
