"""Damage to files: the same seed gives the same damage."""

import json
import random
import re
from typing import Any

NUMBERS = (
    b"0", b"-1", b"1", b"2", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295", b"0x10",
    b"-2147483649", b"9223372036854775807", b"9223372036854775808", b"99999999999999999999999999", b"1e8", b"-1e8",
    b"1e308", b"-1e308", b"1e999", b"NaN", b"-Infinity", b"0.5", b"1e-320", b"007", b"", b"1,5", b"100000", b"30000",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**70, 10**400, 0.5, -0.0, 1e308, -1e308, 1e8, float("nan"),
    float("inf"), "", "x", "0", "NaN", "犬 🐶", "\ud800", "a\x00b\x07\n", "../../up", "/etc/passwd", "C:\\x",
    "y" * 5000, "🐶" * 300, [], {}, [[]], [None], [0] * 50, {"": ""}, {"x": {"x": []}}, [1e308, float("nan")],
    [[0, 0], [1, 1]], 100_000, 30_000,
)  # fmt: skip
PIECES = (
    b"\x00",
    b"\xff",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x01\x00",
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return damaged content: mostly one kind of damage, now and then several."""
    for _ in range(1 if chance.random() < 0.8 else chance.randint(2, 4)):
        content = chance.choice(_kinds(content))(content, chance)
    return content


def _kinds(content: bytes) -> tuple[Any, ...]:
    start = content[:64].lstrip()
    if start.startswith((b"{", b"[")):
        return _json_value, _json_value, _json_value, _json_value, _number, _number, _flip, _cut, _move, _nest
    if len(_NUMBER.findall(content[:2000])) > 8:
        return _number, _number, _number, _flip, _cut, _piece, _move
    return _flip, _flip, _cut, _piece, _piece, _piece, _move, _number


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[_place(len(changed), chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _place(size: int, chance: random.Random) -> int:
    """Mostly in the first bytes: headers are read by more code than pixels."""
    return chance.randrange(min(size, 256) if chance.random() < 0.6 else size)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _piece(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return chance.choice(PIECES)
    at, piece = _place(len(content), chance), chance.choice(PIECES)
    return content[:at] + piece + content[at + (len(piece) if chance.random() < 0.8 else 0) :]


def _move(content: bytes, chance: random.Random) -> bytes:
    if len(content) < 4:
        return content
    begin = chance.randrange(len(content))
    part = content[begin : begin + chance.randint(1, 64)]
    at = chance.randrange(len(content))
    return (
        content[:at] + part + content[at:] if chance.random() < 0.5 else content[:begin] + content[begin + len(part) :]
    )


def _number(content: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(content[:200_000]))
    if not found:
        return _flip(content, chance)
    match = chance.choice(found)
    return content[: match.start()] + chance.choice(NUMBERS) + content[match.end() :]


def _nest(content: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((10, 900, 5000, 200_000))
    inner = (b"[" * depth + b"]" * depth) if chance.random() < 0.5 else (b'{"a":' * depth + b"0" + b"}" * depth)
    found = list(_NUMBER.finditer(content))
    if not found:
        return inner
    match = chance.choice(found)
    return content[: match.start()] + inner + content[match.end() :]


def _json_value(content: bytes, chance: random.Random) -> bytes:
    """Replace, remove or double one value of JSON data."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return _number(content, chance)
    places: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting and len(places) < 5000:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            places.append((node, key))
            waiting.append(node[key])
    if not places:
        return _flip(content, chance)
    node, key = chance.choice(places)
    kind = chance.random()
    if kind < 0.7:
        node[key] = chance.choice(VALUES)
    elif kind < 0.85:
        del node[key]
    elif isinstance(node, list):
        node.insert(key, node[key])
    else:
        node[f"{key} "] = node.pop(key)
    return json.dumps(data, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
