"""WebAssembly that is written byte by byte."""

import os
import pathlib

MIB = 1 << 20


def number(value: int) -> bytes:
    """A number as in WebAssembly (unsigned LEB128)."""
    found = []
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def text(value: str) -> bytes:
    """A name with its length."""
    return number(len(value)) + value.encode()


def section(kind: int, *items: bytes) -> bytes:
    """A section that is a list."""
    content = number(len(items)) + b"".join(items)
    return bytes([kind]) + number(len(content)) + content


def module(size: int) -> bytes:
    """A core module with code of that many KiB, in functions of one KiB, so that there is
    something to validate."""
    # Local 0 plus one, and dropped, until the function is full.
    line = b"\x20\x00\x41\x01\x6a\x1a"
    body = b"\x00" + line * (1018 // len(line)) + b"\x20\x00\x0b"
    function = number(len(body)) + body
    return (
        b"\0asm\1\0\0\0"
        + section(1, b"\x60\x01\x7f\x01\x7f")
        + section(3, *[b"\0"] * size)
        + section(10, *[function] * size)
    )


def component(imports: list[str], export: str, size: int) -> bytes:
    """A component with a module of that many KiB that imports interfaces with a function
    `f: func() -> u32`, and exports the first one by another name."""
    function = b"\x40\x00\x00\x79"
    interface = b"\x42\x02" + b"\x01" + function + b"\x04\x00" + text("f") + b"\x01\x00"
    nested = b""
    if size:
        core = module(size)
        nested = b"\x01" + number(len(core)) + core
    return (
        b"\0asm\x0d\0\1\0"
        + nested
        + section(7, interface)
        + section(10, *[b"\0" + text(name) + b"\x05\x00" for name in imports])
        + section(11, b"\0" + text(export) + b"\x05\x00\x00")
    )


def write_large_module(path: pathlib.Path, size: int) -> None:
    """Writes a module of one custom section of that many MiB, which are not all alike."""
    random = os.urandom(MIB)
    with path.open("wb") as file:
        file.write(b"\0asm\1\0\0\0\0" + number(size * MIB))
        # The name of the section.
        file.write(b"\1x" + random[2:])
        for piece in range(1, size):
            file.write(piece.to_bytes(8, "little") + random[8:])
