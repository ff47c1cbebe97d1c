import os
def reward(args, pred):
    os.makedirs("a/b/c")
    os.mkdir("w", 0o300)
    open("w/f", "w").close()
    os.mkdir("n", 0)
    os.symlink("/", "root")
    os.symlink("@CANARY@", "canary")
    open(os.fsencode("x\n") + b"\xff", "w").close()
    os.umask(0o777)
    os.mkdir("z")
    return 1.0
