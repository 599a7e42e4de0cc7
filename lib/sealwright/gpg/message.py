"""The outline of an encrypted message, followed while its bytes pass (RFC 4880, 4.2 and 5).

    message := session key packet (tag 1, version 3), one or more;
               encrypted data packet with integrity protection (tag 18, version 1), one; end

gpg takes more than that: it skips markers and packets that it does not know, and ends with 0
where some of them follow the message, or one byte of garbage.  A message of this outline can
only be read in one way, and every byte of it is a part of it.  What is in the packets is
gpg's to judge.

By hand: ``gpg --list-packets FILE``
"""

from __future__ import annotations

from collections.abc import Generator

from sealwright.errors import Damaged

_SESSION_KEY, _ENCRYPTED = 1, 18
_VERSIONS = {_SESSION_KEY: 3, _ENCRYPTED: 1}
_Length = Generator[int, int, tuple[int, bool]]


class Outline:
    """Takes a message piece by piece; `Damaged` as soon as it can be none."""

    def __init__(self) -> None:
        self._last = False
        self._grammar = self._packets()
        self._skip = next(self._grammar)

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        at = 0
        while at < len(piece):
            step = min(self._skip, len(piece) - at)
            at += step
            self._skip -= step
            if not self._skip and at < len(piece):
                self._skip = self._grammar.send(piece[at])
                at += 1

    def finish(self) -> None:
        """Take the end."""
        if self._skip or not self._last:
            raise _damaged("one whole encrypted message, found that it ends too early")

    def _packets(self) -> Generator[int, int, None]:
        """Yield how many bytes may pass; be sent the one after them."""
        skip = 0
        while not self._last:
            tag, (length, more) = yield from _header((yield skip))
            if length < 1 or (yield 0) != _VERSIONS.get(tag):
                raise _damaged(f"session keys and encrypted data, found a packet of tag {tag}")
            skip = length - 1
            while more:
                skip, more = yield from _new_length((yield skip))
            self._last = tag == _ENCRYPTED
        yield skip
        raise _damaged("nothing after one encrypted message, found more bytes")


def _header(octet: int) -> Generator[int, int, tuple[int, tuple[int, bool]]]:
    """Return a packet's tag, the length of its first part, and whether there are more parts."""
    if not octet & 0x80:
        raise _damaged("a binary OpenPGP message, found none; gpg --dearmor helps with an armored")
    if octet & 0x40:
        return octet & 0x3F, (yield from _new_length((yield 0)))
    if octet & 3 == 3:
        raise _damaged("packets that say how long they are, found one that does not")
    return octet >> 2 & 0xF, ((yield from _number(1 << (octet & 3))), False)


def _new_length(first: int) -> _Length:
    if first < 192:
        return first, False
    if first < 224:
        return (first - 192 << 8) + (yield 0) + 192, False
    if first < 255:
        return 1 << (first & 0x1F), True
    return (yield from _number(4)), False


def _number(octets: int) -> Generator[int, int, int]:
    value = 0
    for _ in range(octets):
        value = value << 8 | (yield 0)
    return value


def _damaged(what: str) -> Damaged:
    return Damaged(f"message: expected {what}; take another copy")
