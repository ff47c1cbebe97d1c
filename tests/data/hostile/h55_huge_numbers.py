import decimal, fractions
class R:
    value, feedback, parts = decimal.Decimal("1e999999999"), "", {"a": fractions.Fraction(1, 3)}
def reward(args, pred):
    return R()
