"""What is around a replay, and must not matter: each replay has it otherwise.

=============  ==================================  ==========================================
what           the first replay                    the others
=============  ==================================  ==========================================
folder         ``first``                           ``another place (n)``, with a blank
order          files copied by their paths         in reverse
variables      few                                 another home, locale, time zone, hash seed
umask          022                                 077, then 027, and so on
host, user     those of the machine                others, in namespaces
process        the numbers that come               after others
processor      the first                           the last
clock          that of the machine                 another second, where programs would see it
=============  ==================================  ==========================================

It is what the layer is started in (`around`), and none of it shall reach a mission through it.
Where there are no namespaces the folder is the same, since a program knows it by its path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealwright import process
from sealwright.errors import ProgramFailed

_HOST = 'PATH=$PATH:/usr/sbin:/sbin; hostname "$1" && shift && exec "$@"'
_MASK = 'umask "$1"; (:); (:); shift; exec "$@"'
_ZONES = ("America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham")
_MASKS = ("077", "027", "007")


@dataclass(frozen=True, slots=True)
class Variation:
    """What is around the ``number``-th replay; 0 is the plain one."""

    number: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"another place ({self.number})" if self.number else "first"

    @property
    def backwards(self) -> bool:
        """Whether files are copied in the reverse of their order."""
        return self.number % 2 == 1

    def processor(self, numbers: Sequence[int]) -> int:
        """Return the processor to run on."""
        return numbers[-1 if self.number % 2 else 0]

    def variables(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the environment that the layer is started in."""
        if not self.number:
            return dict(env)
        return {
            **env,
            "HOME": f"/home/{self._word}",
            "LANG": "C",
            "LC_ALL": "C",
            "PYTHONHASHSEED": str(self.number),
            "TMPDIR": "/var/tmp",
            "TZ": _ZONES[self.number % len(_ZONES)],
            "USER": self._word,
            self._word.upper(): self._word,
        }

    def around(self, env: Mapping[str, str], *, spaces: bool) -> list[str]:
        """Return what stands before the enclosure."""
        if not self.number:
            return []
        shell = str(process.find("sh", env))
        masked = [shell, "-c", _MASK, "sh", _MASKS[self.number % len(_MASKS)]]
        return [*(self._elsewhere(env, shell) if spaces else []), *masked]

    def told(self, *, spaces: bool) -> dict[str, str]:
        """Return what is otherwise than usual, in words."""
        if not self.number:
            return {}
        told = {
            "folder": self.name,
            "order": "backwards" if self.backwards else "by path",
            "umask": _MASKS[self.number % len(_MASKS)],
            "zone": _ZONES[self.number % len(_ZONES)],
        }
        return {**told, "host": self._word, "user": str(self._user)} if spaces else told

    @property
    def _word(self) -> str:
        return f"elsewhere{self.number}"

    @property
    def _user(self) -> int:
        return 4321 + self.number

    def _elsewhere(self, env: Mapping[str, str], shell: str) -> list[str]:
        """Return how to start something as another user on another host."""
        unshare = process.find("unshare", env)
        if unshare is None:
            raise ProgramFailed("unshare: not found on PATH; apt-get install util-linux")
        host = ["--user", "--map-root-user", "--uts", "--", shell, "-c", _HOST, "sh", self._word]
        user = ["--user", f"--map-user={self._user}", f"--map-group={self._user}", "--"]
        return [str(unshare), *host, str(unshare), *user]


PLAIN = Variation(0)
