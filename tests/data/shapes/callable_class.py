class ExactMatch:
    def __init__(self, lower=True):
        self.lower = lower

    def __call__(self, output, expected):
        return (output.lower() == expected.lower()) if self.lower else output == expected


strict = ExactMatch(lower=False)
