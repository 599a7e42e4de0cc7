"""An approval: an exact sentence about exact bytes, and the signature of a person who says so.

What has to be agreed to is a `Demand`: its name, the sentence, and the subject, which is what
the sentence is about, by digests.  An approval is two files::

    NAME.json       {"format":"sealwright/approval/1","sentence":"I approve …",
                     "subject":{"HEAD":"4b82…","coo/manifests/lint_report.json":"sha256:…"}}
    NAME.json.asc   a detached OpenPGP signature over these bytes

It holds when the first has exactly the bytes that the demand gives, and a key that the
configuration pins made the second.  So it is worth nothing once anything of the subject is
another, and no time stamp makes it valid.  Who needs no signature says so, with a reason: then
the verdict holds, and its evidence says ``WAIVED`` and why, wherever it is shown.

>>> Demand("freeze", "I agree.", {"HEAD": "4b82"}).text()
b'{"format":"sealwright/approval/1","sentence":"I agree.","subject":{"HEAD":"4b82"}}\\n'

By hand: write the text that a refusal prints to NAME.json, byte for byte, and then
``gpg --armor --detach-sign --local-user FINGERPRINT NAME.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealwright import durable
from sealwright.errors import Refused
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

FORMAT = "sealwright/approval/1"


@dataclass(frozen=True, slots=True)
class Demand:
    """What has to be agreed to."""

    name: str
    sentence: str
    subject: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> bytes:
        """Return the exact bytes that have to be signed."""
        about = {"format": FORMAT, "sentence": self.sentence, "subject": dict(self.subject)}
        return canonical.line(about)


@dataclass(frozen=True, slots=True)
class Approvers:
    """Whose signatures count: full fingerprints and their public keys; or why none is needed."""

    keys: tuple[str, ...] = ()
    public: Path | None = None
    waived: str = ""


def places(folder: Path, demand: Demand) -> tuple[Path, Path]:
    """Return where the two files of an approval lie."""
    return folder / f"{demand.name}.json", folder / f"{demand.name}.json.asc"


def check(
    demand: Demand, folder: Path, approvers: Approvers, command: str, *, written: bool = False
) -> Verdict:
    """Answer whether the demand is agreed to; ``command`` is what a person types to do that.

    With ``written`` its text has to be there even where a signature is waived.
    """
    waived = Verdict((), {demand.name: f"WAIVED: {approvers.waived}"})
    if approvers.waived and not written:
        return waived
    about, signature = places(folder, demand)
    does = f"{command}\nwhich {'writes' if approvers.waived else 'signs'}: "
    try:
        said = about.read_bytes()
        signed = b"" if approvers.waived else signature.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return _missing(demand, about, "found none", does)
    if said != demand.text():
        return _missing(demand, about, "found one of something else", does)
    if approvers.waived:
        return waived
    verdict = _signed(said, signed, approvers)
    named = tuple(Finding(str(signature), f.what, command) for f in verdict.findings)
    return Verdict(named, {demand.name: dict(verdict.evidence)} if verdict.holds else {})


def _missing(demand: Demand, about: Path, found: str, does: str) -> Verdict:
    text = demand.text().decode().rstrip("\n")
    return refusal(str(about), f"expected an approval, {found}", f"{does}{text}")


def _signed(said: bytes, signature: bytes, approvers: Approvers) -> Verdict:
    from sealwright import gpg  # only who signs or checks a signature pays for GnuPG

    if approvers.public is None or not approvers.public.is_file():
        return refusal("keys", f"expected public keys in {approvers.public}, found none")
    with gpg.temporary_ring() as ring:
        ring.import_keys(approvers.public.read_bytes())
        return ring.verify(said, signature, [gpg.parse(key) for key in approvers.keys])


def give(demand: Demand, folder: Path, key: str, home: Path) -> tuple[Path, Path]:
    """Sign the demand with a key of the GnuPG home ``home``, and write both files."""
    from sealwright import gpg

    with gpg.Ring(home) as ring:
        signature = ring.sign(demand.text(), gpg.parse(key))
    about, signed = write(demand, folder)
    durable.write(signed, signature)
    return about, signed


def write(demand: Demand, folder: Path) -> tuple[Path, Path]:
    """Write the text of the demand, and return where it and its signature belong."""
    if not demand.name.isidentifier():
        raise Refused(f"{demand.name!r}: expected a name of letters, digits and '_'")
    about, signed = places(folder, demand)
    durable.mkdir(folder)
    durable.write(about, demand.text())
    return about, signed
