"""Log odds that are a quadratic form of features, as machine code.

Viper reads 16-bit words without a sign on 64-bit machines, so what is read is shifted to be positive.
"""


@micropython.viper
def log_odds(model: ptr16, at: int, features: ptr16, count: int, scratch: ptr32) -> int:
    """In 1/16 nat, of `count` features, raised by 32768 as the numbers of the model are.

    From `at` on the model has, for each feature, a mean and a factor: (feature - mean) * factor / 256 is 64
    for a standard deviation, and counts up to three. Then, in 1/256 nat: the constant; for each feature its
    own factor and those of its products with itself and the later ones. `scratch` has room for the features.
    """
    for i in range(count):
        off = int(features[i]) - 32768 - (int(model[at]) - 32768)
        if off > 4000:
            off = 4000
        if off < 0 - 4000:
            off = 0 - 4000
        off = off * (int(model[at + 1]) - 32768) >> 8
        if off > 192:
            off = 192
        if off < 0 - 192:
            off = 0 - 192
        scratch[i] = off + 65536
        at += 2
    total = int(model[at]) - 32768 << 12
    at += 1
    for i in range(count):
        off = int(scratch[i]) - 65536
        total += (int(model[at]) - 32768) * off << 6
        at += 1
        for j in range(i, count):
            total += (int(model[at]) - 32768) * off * (int(scratch[j]) - 65536)
            at += 1
    return total >> 16
