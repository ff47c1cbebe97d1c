"""A profile function, a hook for garbage and an audit hook of the reward's go on into the worker's own code."""
import gc, sys, threading
def hook(*arguments):
    raise SystemExit(3)
def reward(args, pred):
    gc.callbacks.append(hook)
    gc.set_threshold(1)
    sys.addaudithook(hook)
    threading.setprofile(hook)
    sys.setprofile(hook)
    return 1.0
