import sys
def reward(args, pred):
    while True:
        print("\ud83d\x00\x1b[2J\u202e" * 1_000_000, file=sys.stderr)
        sys.stdout.buffer.write(b"\xff" * 1_000_000)
