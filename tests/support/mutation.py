"""Files with random changes, for fuzzers with a seed."""

import random

SNIPPETS = [
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b",",
    b":",
    b"\\",
    b"\n",
    b"\0",
    b"\xff",
    b"null",
    b"1e999",
    b"NaN",
    b"9" * 5000,
]
SNIPPETS += [b"[" * 3000, b'{"a":' * 500, b'\\"' * 2000, b"\n{", b'"' * 999, b";", b"\\ud800", b"-", b"true", b"\t"]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A file with a few random changes: bytes, snippets, parts left out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at, end = sorted(rng.randint(0, len(data)) for _ in range(2))
        end = min(end, at + rng.choice((1, 4, 40, 400)))
        change = rng.randrange(7)
        if change == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif change == 1:
            data[at:at] = rng.choice(SNIPPETS) * rng.choice((1, 1, 1, 3))
        elif change == 2:
            del data[at:end]
        elif change == 3:
            data[at:at] = data[at:end] * rng.choice((1, 2, 30))
        elif change == 4:
            del data[at:]
        elif change == 5:
            data[at:end] = rng.choice(SNIPPETS)
        else:
            data += b"\n" * rng.randrange(2) + content
    return bytes(data)
