"""Prints MurmurHash64A (A. Appleby's MurmurHash2.cpp, public domain) of a few inputs, from its
definition in unbounded integers: the expected values in tests/test_hash.c. Run: python make_hash.py"""
M, MASK = 0xC6A4A7935BD1E995, 2**64 - 1


def murmur64a(data, seed):
    h = seed ^ (len(data) * M & MASK)
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        k = int.from_bytes(data[at : at + 8], "little") * M & MASK
        k = (k ^ (k >> 47)) * M & MASK
        h = (h ^ k) * M & MASK
    tail = data[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * M & MASK
    h = (h ^ (h >> 47)) * M & MASK
    return h ^ (h >> 47)


for text, seed in [("", 0), ("", 7), ("a", 0), ("throng", 1), ("12345678", 2), ("a longer text of words", 3)]:
    print(f'{{"{text}", {seed}, 0x{murmur64a(text.encode(), seed):016x}ull}},')
