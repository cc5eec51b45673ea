"""Pictures out of words: a pattern of squares in two colours, the same for the same words."""

import random
import struct
import zlib

from sandbox.pictures import PNG

CELLS = 8
"""Squares to a side. Each side of a picture is a multiple of 64 pixels, so that a square begins with a byte."""


def draw(words: str, width: int, height: int) -> bytes:
    """A PNG picture of that many pixels, mirrored from left to right (www.w3.org/TR/png-3)."""
    chance = random.Random(words)
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)  # one bit for each pixel, which chooses a colour
    palette = bytes(chance.randrange(0, 96) for _ in range(3)) + bytes(chance.randrange(160, 256) for _ in range(3))
    rows = b"".join(_row(chance, width) * (height // CELLS) for _ in range(CELLS))
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return PNG + b"".join(_chunk(kind, data) for kind, data in chunks)


def _row(chance: random.Random, width: int) -> bytes:
    """One line of pixels."""
    half = [chance.choice((b"\0", b"\xff")) for _ in range(CELLS // 2)]
    return b"\0" + b"".join(square * (width // CELLS // 8) for square in (*half, *reversed(half)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
