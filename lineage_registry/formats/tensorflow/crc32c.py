"""The checksum CRC-32C of RFC 3720, masked as LevelDB stores it; `zlib` has another polynomial."""

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
_ALL = 0xFFFFFFFF


def _row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_ROWS = tuple(map(_row, range(256)))


def crc32c(data: bytes) -> int:
    """Return the checksum of some bytes."""
    crc = _ALL
    rows = _ROWS
    for byte in data:
        crc = crc >> 8 ^ rows[(crc ^ byte) & 0xFF]
    return crc ^ _ALL


def masked(crc: int) -> int:
    """Return the checksum as it is stored: one of bytes that hold checksums would be weak."""
    return ((crc >> 15 | crc << 17) + _MASK) & _ALL
