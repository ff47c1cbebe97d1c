import os, signal
def reward(args, pred):
    os.kill(os.getpid(), signal.SIGKILL)
