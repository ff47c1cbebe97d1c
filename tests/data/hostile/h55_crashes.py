import ctypes
def reward(args, pred):
    return ctypes.string_at(0)
