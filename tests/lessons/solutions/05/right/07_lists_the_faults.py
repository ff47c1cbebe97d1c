def reward(args, pred):
    if pred.answer == args["expected"]:
        return 1.0
    faults = []
    if len(pred.answer.split()) > 1:
        faults.append("other words")
    if pred.answer.endswith("."):
        faults.append("a final stop")
    return Score(0.2, feedback=f"Found: {' and '.join(faults)}. Wanted: a single word, letters only.")
