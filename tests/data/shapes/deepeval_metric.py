class LengthMetric:
    def __init__(self, max_length: int = 10):
        self.max_length = max_length

    def measure(self, test_case):
        length = len(test_case.actual_output)
        self.success = length < self.max_length
        self.score = 1 if self.success else 0
        self.reason = f"{length} characters"
        return self.score
