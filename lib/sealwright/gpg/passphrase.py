"""Passphrases: where one may come from, and what may be one.

==============  ========================================================================
given           meaning
==============  ========================================================================
``None``        gpg-agent asks for it through pinentry, and it never passes through here
a number        an open descriptor; its first line is the passphrase; the caller closes it
a callable      it is asked, once, such as `on_terminal`
==============  ========================================================================

There is no other way: neither an argument vector nor the environment nor a file that we open
holds one.  It goes to gpg down a pipe, before the message, and into no log and no error.  An
empty one is refused, since gpg would take the first line of the message instead; so is what is
not printable UTF-8, which two programs would not encode alike.

By hand: ``gpg --batch --pinentry-mode loopback --passphrase-fd 3 --decrypt FILE 3<PASSPHRASE``
"""

from __future__ import annotations

import getpass
import os
import warnings
from collections.abc import Callable

from sealwright.errors import Refused

Passphrase = int | Callable[[], str] | None
LONGEST = 255  # bytes; gpg-agent takes no more


def on_terminal(prompt: str = "Passphrase: ") -> Callable[[], str]:
    """Return how to ask whoever sits at the terminal, who sees nothing of what is typed."""

    def ask() -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(prompt)
            except (getpass.GetPassWarning, EOFError):
                raise Refused("passphrase: expected a terminal to ask at, found none") from None

    return ask


def obtain(given: Passphrase) -> str | None:
    """Return the passphrase, or nothing if gpg-agent is to ask for it."""
    if given is None:
        return None
    data = given().encode("utf-8", "surrogatepass") if callable(given) else _line(given)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if not text:
        raise Refused("passphrase: expected one, found an empty line; give that of the secret key")
    if not text.isprintable():
        raise Refused("passphrase: expected one line of printable UTF-8, found something else")
    if len(data) > LONGEST:
        what = f"expected at most {LONGEST} bytes, found more"
        raise Refused(f"passphrase: {what}; gpg-agent takes no longer one")
    return text


def _line(descriptor: int) -> bytes:
    """Return what stands before the first line end; a pipe may stay open after that."""
    data = b""
    while b"\n" not in data and len(data) <= LONGEST:
        piece = os.read(descriptor, LONGEST + 2)
        if not piece:
            break
        data += piece
    return data.partition(b"\n")[0].removesuffix(b"\r")
