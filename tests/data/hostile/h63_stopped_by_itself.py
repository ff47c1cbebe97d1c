import os, signal, threading, time
def reward(args, pred):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(9)
