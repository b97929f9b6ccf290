"""Protobuf messages by hand, as true or as false as a test wants them."""


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    data = b""
    while number >= 0x80:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


def field(number: int, value: int | bytes | str) -> bytes:
    """One field: a number, or something with a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields: tuple[int, int | bytes | str]) -> bytes:
    return b"".join(field(number, value) for number, value in fields)
