"""What a platform learns of a picture before it shows it: whether it is one, and its size."""

import struct
import zlib

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"

Size = tuple[int, int]

NONE: Size = (0, 0)


def kind_of(data: bytes) -> str:
    """The media type of a whole PNG or JPEG picture; "" for anything else."""
    if size_of(data) == NONE:
        return ""
    return "image/png" if data.startswith(PNG) else "image/jpeg"


def size_of(data: bytes) -> Size:
    """Width and height of a PNG or JPEG picture in pixels; zeros for anything else."""
    if data.startswith(PNG):
        return _size_of_png(data)
    return _size_of_jpeg(data) if data.startswith(JPEG) else NONE


def _size_of_png(data: bytes) -> Size:
    """Walk through all chunks: a picture that was cut off, or damaged, is none (www.w3.org/TR/png-3/#5Chunk-layout)."""
    at, kinds = len(PNG), list[bytes]()
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if data[end : end + 4] != struct.pack(">I", zlib.crc32(data[at + 4 : end])):
            return NONE
        kinds.append(kind)
        at = end + 4
    whole = kinds[:1] == [b"IHDR"] and b"IDAT" in kinds and kinds[-1:] == [b"IEND"]
    width, height = struct.unpack(">II", data[16:24]) if whole else NONE
    return int(width), int(height)


def _size_of_jpeg(data: bytes) -> Size:
    """Walk from segment to segment up to the frame header, which has the size."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + length
    return NONE
