def reward(args, pred):
    verdict = judge("question, answer -> score: float", question=args["question"], answer=pred.answer)
    return verdict["score"]
