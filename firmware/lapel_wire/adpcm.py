"""IMA ADPCM, four bits a sample, as the IMA's 1992 recommendation defines it.

The first sample of a pair is in the high nibble, the order of Python's `audioop`, which is the relay's
decoder. Every intermediate value stays below 2**17: viper's 32-bit integers cannot overflow here.
"""

from array import array

# Step sizes of the recommendation, then what each of the 16 codes adds to the step index (plus 1,
# so that the table holds no negative number). One array, because a viper function takes few arguments.
TABLE = array(
    "H",
    (
        7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73,
        80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494,
        544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499,
        2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487,
        12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
        0, 0, 0, 0, 3, 5, 7, 9, 0, 0, 0, 0, 3, 5, 7, 9,
    ),
)  # fmt: skip


def new_state():
    """Codec state: predictor, step index."""
    return array("i", (0, 0))


@micropython.viper
def encode(pcm: ptr16, out: ptr8, state: ptr32, samples: int):
    """Encodes `samples` (even) of 16-bit PCM into `samples // 2` bytes and moves `state` on.

    `pcm` is an array('h') or array('H') of at least `samples` items, `out` a writable buffer.
    """
    table = ptr16(TABLE)
    # A 64-bit viper loads 32 bits without their sign.
    predictor = int(state[0]) & 0xFFFF
    if predictor > 32767:
        predictor -= 65536
    index = int(state[1])
    packed = 0
    for i in range(samples):
        sample = int(pcm[i])
        if sample > 32767:
            sample -= 65536
        step = int(table[index])
        difference = sample - predictor
        code = 0
        if difference < 0:
            code = 8
            difference = 0 - difference
        change = step >> 3
        if difference >= step:
            code |= 4
            difference -= step
            change += step
        if difference >= step >> 1:
            code |= 2
            difference -= step >> 1
            change += step >> 1
        if difference >= step >> 2:
            code |= 1
            change += step >> 2
        if code & 8:
            predictor -= change
            if predictor < -32768:
                predictor = -32768
        else:
            predictor += change
            if predictor > 32767:
                predictor = 32767
        index += int(table[89 + code]) - 1
        if index < 0:
            index = 0
        elif index > 88:
            index = 88
        if i & 1:
            out[i >> 1] = packed | code
        else:
            packed = code << 4
    state[0] = predictor
    state[1] = index


@micropython.viper
def decode(data: ptr8, at: int, out: ptr16, gain: int):
    """Decodes the audio frame at `data[at]` (`audio`: its header, then 512 samples) into `out`.

    Each sample is multiplied by `gain` of 256 (0 to 256). `out` is an array('H') of at least 512 items.
    """
    table = ptr16(TABLE)
    index = int(data[at + 1])
    predictor = int(data[at + 8]) | (int(data[at + 9]) << 8)
    if predictor > 32767:
        predictor -= 65536
    for i in range(512):
        code = int(data[at + 10 + (i >> 1)])
        if i & 1 == 0:
            code >>= 4
        step = int(table[index])
        change = step >> 3
        if code & 4:
            change += step
        if code & 2:
            change += step >> 1
        if code & 1:
            change += step >> 2
        if code & 8:
            predictor -= change
            if predictor < -32768:
                predictor = -32768
        else:
            predictor += change
            if predictor > 32767:
                predictor = 32767
        index += int(table[89 + (code & 15)]) - 1
        if index < 0:
            index = 0
        elif index > 88:
            index = 88
        out[i] = (predictor * gain >> 8) & 0xFFFF
