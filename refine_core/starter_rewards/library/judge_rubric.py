RUBRIC = """10: right, complete and to the point. 7: right, but something small is missing.
4: partly right. 0: wrong, empty, or it does not answer the question."""


def reward(args, pred):
    """A model grades the output from 0 to 10 by RUBRIC and says why; each score is one call."""
    text = str(pred.answer).strip()
    if not text:
        return Score(0.0, feedback="empty")
    inputs = "\n".join(f"{name}: {value}" for name, value in args.items())
    graded = judge("rubric, inputs, output -> reason, points: float", rubric=RUBRIC, inputs=inputs, output=text)
    return Score(max(0.0, min(graded["points"], 10.0)) / 10, feedback=graded["reason"])
