def reward(args, pred):
    """1 if the output is the expected answer, letter by letter; blanks around it do not count."""
    wanted, got = str(args["answer"]).strip(), str(pred.answer).strip()
    return float(wanted != "" and got == wanted)
