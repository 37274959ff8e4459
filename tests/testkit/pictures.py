"""Small images as bytes, made here: a header that says a size, and nothing that could be drawn but for the png."""

import struct
import zlib


def png(width: int = 4, height: int = 3, more: bytes = b"") -> bytes:
    rows = zlib.compress((b"\0" + b"\xff" * min(width, 64) * 3) * min(height, 64))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + more


def gif(width: int = 4, height: int = 3) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int = 4, height: int = 3) -> bytes:
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    return b"\xff\xd8" + app + b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width) + b"\0" * 4 + b"\xff\xd9"


def webp(width: int = 4, height: int = 3, kind: bytes = b"VP8X") -> bytes:
    bodies = {
        b"VP8X": b"\0" * 8 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8L": b"\0" * 4 + b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
        b"VP8 ": b"\0" * 4 + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }
    return b"RIFF\0\0\0\0WEBP" + kind + bodies[kind]
