"""Random bytes for what reads the bytes of boards."""

import random

from climbpath.lights import aurora, moonboard
from climbpath.lights.leds import Light


def fuzzed(seed: int) -> bytes:
    """Random bytes, mostly of those that messages are made of, or a message with some of its bytes changed."""
    rng = random.Random(seed)
    if rng.random() < 0.5:
        alphabet = b"l#~DM*SPELRF,0123456789\x01\x02\x03TRQSNMOP" if rng.random() < 0.7 else bytes(range(256))
        return bytes(rng.choices(alphabet, k=rng.randrange(60)))
    lights = [Light(str(i), i, "start") for i in rng.sample(range(198), rng.randrange(1, 30))]
    good = (
        aurora.encode(lights, {"start": "00FF00"}, rng.choice([2, 3]))
        if rng.random() < 0.5
        else moonboard.encode(lights)
    )
    bad = bytearray(good)
    for _ in range(rng.randrange(4)):
        bad[rng.randrange(len(bad))] = rng.randrange(256)
    return bytes(bad[: rng.randrange(len(bad) + 1)])
