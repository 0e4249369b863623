#!/usr/bin/env python3
"""usage: png_shades.py PICTURE.png
Mean brightness (0..255) of a browser's screenshot and how many shades it has. Needs nothing but Python: 8 bits a
channel, not interlaced, as Chromium writes them."""
import struct
import sys
import zlib

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
at, packed = 8, b""
while at < len(data):
    (size,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
    body = data[at + 8 : at + 8 + size]
    if kind == b"IHDR":
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
        assert depth == 8 and colour in (2, 6) and not interlace, "another kind of PNG"
    packed += body if kind == b"IDAT" else b""
    at += 12 + size
step = 3 if colour == 2 else 4
raw, row_size = zlib.decompress(packed), width * step
before, total, shades = bytearray(row_size), 0, set()


def paeth(a, b, c):
    near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))
    return near[2]


for y in range(height):
    kind = raw[y * (row_size + 1)]
    row = bytearray(raw[y * (row_size + 1) + 1 : (y + 1) * (row_size + 1)])
    if kind == 1:
        for x in range(step, row_size):
            row[x] = (row[x] + row[x - step]) & 255
    elif kind == 2:
        row = bytearray((r + b) & 255 for r, b in zip(row, before))
    elif kind:
        for x in range(row_size):
            left, corner = (row[x - step], before[x - step]) if x >= step else (0, 0)
            guess = (left + before[x]) // 2 if kind == 3 else paeth(left, before[x], corner)
            row[x] = (row[x] + guess) & 255
    green = row[1::step]
    total += sum(green)
    shades.update(green)
    before = row
print(total // (width * height), len(shades))
