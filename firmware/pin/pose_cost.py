"""How badly a frame fits each pose, for each size of hand, as machine code.

Viper reads 16 and 32-bit words without a sign on 64-bit machines, so what is read is shifted to be positive.
"""


@micropython.viper
def pose_costs(model: ptr16, features: ptr16, log_mm: int, scratch: ptr32, costs: ptr32):
    """Into `costs`, size by size: of open, fist and the cheapest other shape, in 1/16 nat and raised by 512.

    `model` is `pose_model.SHAPES` and `features` the frame's seven, both raised by 32768; `log_mm` is
    `pose.log_distance`; `scratch` has room for 21.
    """
    for i in range(27):
        costs[i] = 100000
    for shape in range(7):
        at = 78 * shape
        pose = shape if shape < 2 else 2
        base = int(model[at]) - 32768 + 512
        for i in range(7):
            curve = at + 1 + 3 * i
            mean = int(model[curve]) - 32768
            mean += (int(model[curve + 1]) - 32768) * log_mm >> 8
            mean += (int(model[curve + 2]) - 32768) * log_mm * log_mm >> 16
            off = int(features[i]) - 32768 - mean
            if off > 3000:
                off = 3000
            if off < 0 - 3000:
                off = 0 - 3000
            scratch[i] = off + 65536
        for j in range(7):
            # Whitened: standard deviations in 1/16. W is upper triangular.
            y = 0
            for i in range(j, 7):
                y += (int(model[at + 22 + 7 * j + i]) - 32768) * (int(scratch[i]) - 65536)
            scratch[7 + j] = (y >> 8) + 1000000
            scratch[14 + j] = int(model[at + 71 + j])
        for size in range(9):
            larger = 18 * (size - 4)
            total = 0
            for j in range(7):
                y = int(scratch[7 + j]) - 1000000 - ((int(scratch[14 + j]) - 32768) * larger >> 8)
                if y > 400:
                    y = 400
                if y < 0 - 400:
                    y = 0 - 400
                total += y * y
            cost = total >> 5
            # Real hands have odd frames: beyond 12 nats the cost grows slowly.
            if cost > 192:
                cost = 192 + (cost - 192 >> 3)
            cost += base
            if cost < 0:
                cost = 0
            if cost < int(costs[3 * size + pose]):
                costs[3 * size + pose] = cost


@micropython.viper
def normal_cost(model: ptr16, at: int, features: ptr16, count: int, log_mm: int, scratch: ptr32) -> int:
    """What `count` features cost under the normal distribution at `at` of `thing_model.KINDS`, in 1/16 nat.

    `model` and `features` are raised by 32768, `scratch` has room for the features.
    """
    for i in range(count):
        mean = int(model[at + 1 + 2 * i]) - 32768
        mean += (int(model[at + 2 + 2 * i]) - 32768) * log_mm >> 8
        off = int(features[i]) - 32768 - mean
        if off > 3000:
            off = 3000
        if off < 0 - 3000:
            off = 0 - 3000
        scratch[i] = off + 65536
    total = 0
    next = at + 1 + 2 * count
    for j in range(count):
        y = 0
        for i in range(j, count):
            y += (int(model[next]) - 32768) * (int(scratch[i]) - 65536)
            next += 1
        y = y >> 8
        if y > 400:
            y = 400
        if y < 0 - 400:
            y = 0 - 400
        total += y * y
    return int(model[at]) - 32768 + (total >> 5)
