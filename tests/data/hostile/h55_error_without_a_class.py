class M(type):
    __name__ = property(lambda self: 1 / 0)
class E(OSError, metaclass=M):
    __class__ = errno = __traceback__ = __cause__ = name = property(lambda self: 1 / 0)
    def __str__(self):
        raise KeyboardInterrupt
def reward(args, pred):
    raise E("x")
