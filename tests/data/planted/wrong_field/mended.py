def reward(args, pred):
    return 1.0 if pred.answer.strip().lower() == args['answer'].lower() else 0.0
