def reward(args, pred):
    if len(pred.answer.split()) == 1:
        return 1.0
    return Score(0.2, feedback="Write one word, without a full stop.")
