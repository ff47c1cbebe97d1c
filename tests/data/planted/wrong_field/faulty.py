def reward(args, pred):
    return 1.0 if pred.anwser.strip().lower() == args['answer'].lower() else 0.0
