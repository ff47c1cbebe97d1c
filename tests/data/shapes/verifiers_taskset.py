class vf:  # as verifiers 0.4's own decorators
    @staticmethod
    def reward(weight=1.0):
        return lambda function: function


class Arithmetic:
    @vf.reward(weight=1.0)
    async def correct(self, task, trace) -> float:
        return float(trace.last_reply == task.answer)

    @vf.reward(weight=0.5)
    def brief(self, task, trace) -> float:
        return float(len(trace.last_reply) < 5)
