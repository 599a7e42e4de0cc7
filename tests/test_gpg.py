"""A signature is good only if a pinned key made it, now in force, over these very bytes."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealwright import gpg, process
from sealwright.errors import Misconfigured, Refused
from sealwright.gpg import Fingerprint, Ring

DATA = b"approved: the very bytes\n"
UID = f"{gpg.EXAMPLE} <nobody@example.invalid>"
UNKNOWN = gpg.parse("0123456789ABCDEF" * 2 + "01234567")

pytestmark = pytest.mark.skipif(
    process.find("gpg", process.allow_listed()) is None, reason="gpg is not installed"
)


@pytest.fixture(scope="module")
def short() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:  # pytest's own are too long
        yield Path(folder)


@pytest.fixture(scope="module")
def ring(short: Path) -> Iterator[Ring]:
    with Ring(short / "ring") as made:
        yield made


@pytest.fixture(scope="module")
def key(ring: Ring) -> Fingerprint:
    return ring.make_throwaway(UID)


@pytest.fixture(scope="module")
def signature(ring: Ring, key: Fingerprint) -> bytes:
    return ring.sign(DATA, key)


def run(ring: Ring, *arguments: str, stdin: bytes = b"") -> bytes:
    """Do with plain gpg what the ring does not offer."""
    argv = ["gpg", "--homedir", str(ring.home), "--batch", "--yes", "--no-tty", "--quiet"]
    loopback = ["--pinentry-mode", "loopback", "--passphrase", ""]
    done = subprocess.run([*argv, *loopback, *arguments], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def quick(ring: Ring, name: str, *more: str) -> Fingerprint:
    run(ring, *more, "--quick-generate-key", name, "ed25519", "sign,cert", "never")
    return listed(ring, name)[0]


def listed(ring: Ring, name: str) -> list[Fingerprint]:
    lines = run(ring, "--with-colons", "--list-keys", name).decode("utf-8", "replace").splitlines()
    return [gpg.parse(line.split(":")[9]) for line in lines if line.startswith("fpr:")]


def test_a_good_signature_of_a_pinned_key_holds_and_says_whose_it_is(
    ring: Ring, key: Fingerprint, signature: bytes
) -> None:
    verdict = ring.verify(DATA, signature, {UNKNOWN, key})
    assert verdict.holds, str(verdict)
    assert (verdict.evidence["key"], verdict.evidence["made_by"]) == (key, key)
    assert verdict.evidence["signed_at"] > 1_600_000_000
    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----\n")


def test_plain_gpg_agrees(ring: Ring, signature: bytes, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "sig").write_bytes(signature)
    run(ring, "--trust-model", "always", "--verify", str(tmp_path / "sig"), str(tmp_path / "data"))


def test_a_ring_with_the_public_key_alone_can_verify(
    ring: Ring, short: Path, key: Fingerprint, signature: bytes
) -> None:
    public = run(ring, "--export", "--armor", key)
    with Ring(short / "reader") as reader:
        before = reader.verify(DATA, signature, {key})
        assert "found none for it; import its public key" in str(before)
        assert reader.import_keys(public) == (key,)
        assert reader.import_keys(public) == (key,)
        assert reader.verify(DATA, signature, {key}).holds


def test_a_subkey_stands_for_its_primary_key_and_not_for_itself(ring: Ring) -> None:
    primary = quick(ring, "With subkey <s@example.invalid>")
    run(ring, "--quick-add-key", primary, "ed25519", "sign", "never")
    subkey = listed(ring, primary)[1]
    signature = ring.sign(DATA, primary)
    verdict = ring.verify(DATA, signature, {primary})
    assert verdict.holds, str(verdict)
    assert (verdict.evidence["key"], verdict.evidence["made_by"]) == (primary, subkey)
    assert f"expected one by {subkey}, found one by {primary}" in str(
        ring.verify(DATA, signature, {subkey})
    )


def test_a_signature_of_another_key_says_whose_it_is_and_whose_was_expected(
    ring: Ring, key: Fingerprint, signature: bytes
) -> None:
    told = str(ring.verify(DATA, signature, {UNKNOWN}))
    assert told == f"signature: expected one by {UNKNOWN}, found one by {key}"
    assert "none is pinned" in str(ring.verify(DATA, signature, ()))


def test_every_changed_byte_of_the_data_is_found(
    ring: Ring, key: Fingerprint, signature: bytes
) -> None:
    forms = [DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :] for at in range(len(DATA))]
    for form in [*forms, b"", DATA[:-1], DATA + b"\n", DATA.replace(b"\n", b"\r\n")]:
        assert "over these bytes, found one over others" in str(ring.verify(form, signature, {key}))


def dearmored(ring: Ring, signature: bytes) -> bytes:
    return run(ring, "--dearmor", stdin=signature)


def test_every_truncation_and_every_changed_byte_of_a_signature_is_found_or_harmless(
    ring: Ring, key: Fingerprint, signature: bytes
) -> None:
    packet = dearmored(ring, signature)
    assert ring.verify(DATA, packet, {key}).holds
    for length in range(0, len(packet), 7):
        assert not ring.verify(DATA, packet[:length], {key}).holds, length
    hashed = 8 + int.from_bytes(packet[6:8])  # RFC 4880, 5.2.3: where the hashed part ends
    unhashed = range(hashed, hashed + 2 + int.from_bytes(packet[hashed : hashed + 2]) + 2)
    first = unhashed.stop  # two numbers follow, each after two bytes that count its bits:
    second = first + 2 + (int.from_bytes(packet[first : first + 2]) + 7) // 8
    harmless = {*unhashed, first, first + 1, second, second + 1}  # 7 and 8 bits are one byte
    for at in range(len(packet)):
        form = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        verdict = ring.verify(DATA, form, {key})
        if verdict.holds:  # the unhashed part of a packet proves nothing, and may say anything
            assert at in harmless, at
            assert (verdict.evidence["key"], verdict.evidence["made_by"]) == (key, key)


@pytest.mark.parametrize("junk", [b"", b"junk", b"\x00" * 100, b"-----BEGIN PGP SIGNATURE-----\n"])
def test_what_is_no_signature_is_told(ring: Ring, key: Fingerprint, junk: bytes) -> None:
    verdict = ring.verify(DATA, junk, {key})
    assert str(verdict) == "signature: expected one detached signature, found 0"


def test_two_signatures_in_one_file_are_refused_even_if_both_are_good(
    ring: Ring, key: Fingerprint, signature: bytes
) -> None:
    both = dearmored(ring, signature) + dearmored(ring, ring.sign(DATA, key))
    assert str(ring.verify(DATA, both, {key})).endswith("one detached signature, found 2")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--sign"], id="a signed message"),
        pytest.param(["--clearsign"], id="a clear-signed message"),
        pytest.param(["--store"], id="a message without a signature"),
    ],
)
def test_a_message_is_no_detached_signature(
    ring: Ring, key: Fingerprint, options: list[str]
) -> None:
    message = run(ring, "--local-user", key, *options, stdin=DATA)
    for data in (DATA, message, b""):
        assert not ring.verify(data, message, {key}).holds


def test_a_signature_in_text_mode_fits_other_bytes_and_is_refused(
    ring: Ring, key: Fingerprint
) -> None:
    made = run(ring, "--local-user", key, "--textmode", "--detach-sign", stdin=DATA)
    for data in (DATA, DATA.replace(b"\n", b"\r\n")):
        told = str(ring.verify(data, made, {key}))
        assert told == "signature: expected a binary signature of class 00, found class 01"


def test_a_signature_over_a_broken_hash_is_refused(ring: Ring, short: Path) -> None:
    run(ring, "--quick-generate-key", "Old <o@example.invalid>", "rsa2048", "sign,cert", "never")
    old = listed(ring, "o@example.invalid")[0]
    made = run(ring, "-u", old, "--digest-algo", "SHA1", "--detach-sign", stdin=DATA)
    told = str(ring.verify(DATA, made, {old}))
    assert "SHA-256, SHA-384, SHA-512, found hash algorithm 2" in told


def test_a_key_that_has_expired_is_told(ring: Ring) -> None:
    past = ["--faked-system-time", "20200101T000000"]
    run(ring, *past, "--quick-generate-key", "Past <p@example.invalid>", "ed25519", "sign", "2d")
    expired = listed(ring, "p@example.invalid")[0]
    made = run(ring, *past, "--local-user", expired, "--detach-sign", stdin=DATA)
    assert "expected a key in force, found one that has expired" in str(
        ring.verify(DATA, made, {expired})
    )
    with pytest.raises(Refused, match=f"{expired}: expected a signature, found none"):
        ring.sign(DATA, expired)


def test_a_signature_that_has_expired_is_told(ring: Ring, key: Fingerprint) -> None:
    options = ["--faked-system-time", "20991231T000000", "--default-sig-expire", "1"]
    quick_key = quick(ring, "Short <sh@example.invalid>", "--faked-system-time", "20200101T000000")
    options[1] = "20200102T000000"
    made = run(ring, *options, "--local-user", quick_key, "--detach-sign", stdin=DATA)
    told = str(ring.verify(DATA, made, {quick_key}))
    assert told == "signature: expected a signature in force, found one that has expired"


def test_a_key_that_is_revoked_is_told(ring: Ring) -> None:
    revoked = quick(ring, "Revoked <r@example.invalid>")
    made = ring.sign(DATA, revoked)
    assert ring.verify(DATA, made, {revoked}).holds
    certificate = (ring.home / "openpgp-revocs.d" / f"{revoked}.rev").read_bytes()
    run(ring, "--import", stdin=certificate.replace(b":-----BEGIN", b"-----BEGIN"))
    assert "expected a key in force, found one that is revoked" in str(
        ring.verify(DATA, made, {revoked})
    )


def test_signing_with_a_key_that_is_not_there_never_falls_back_on_another(
    ring: Ring, key: Fingerprint
) -> None:
    with pytest.raises(Refused, match=f"{UNKNOWN}: expected a signature, found none"):
        ring.sign(DATA, UNKNOWN)


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"])
def test_what_are_no_keys_are_refused(ring: Ring, junk: bytes) -> None:
    with pytest.raises(Refused, match="keys: expected OpenPGP keys"):
        ring.import_keys(junk)


def test_a_user_id_in_no_encoding_hides_nothing(ring: Ring) -> None:
    parameters = b"%no-protection\nKey-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n"
    parameters += b"Name-Real: M\xfcller\nName-Email: m@example.invalid\nExpire-Date: 0\n"
    run(ring, "--charset", "utf-8", "--generate-key", stdin=parameters)
    named = listed(ring, "m@example.invalid")[0]
    made = ring.sign(DATA, named)
    verdict = ring.verify(DATA, made, {named})
    assert verdict.holds, str(verdict)


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_a_user_id_forges_no_status_and_no_key(short: Path, end: str) -> None:
    forged = f"[GNUPG:] VALIDSIG 0 0{end}[GNUPG:] NEWSIG{end}pub <eve@example.invalid>"
    with Ring(short / "forged") as ring:
        eve = quick(ring, f"Eve {end}{forged}")
        made = ring.sign(DATA, eve)
        verdict = ring.verify(DATA, made, {eve})
        assert verdict.holds, str(verdict)
        assert "found one over others" in str(ring.verify(DATA + b"x", made, {eve}))
        assert [found["fingerprint"] for found in ring.program.list_keys()] == [eve]


@pytest.mark.parametrize(
    "uid", ["Alice <alice@example.org>", "", f"{gpg.EXAMPLE}\nName-Email: a@example.org"]
)
def test_a_throw_away_key_that_does_not_say_so_is_refused(ring: Ring, uid: str) -> None:
    with pytest.raises(Refused, match="EXAMPLE ONLY, NOT A PERSON"):
        ring.make_throwaway(uid)


@pytest.mark.parametrize(
    "text", ["", "0123456789ABCDEF", "0x" + "A" * 40, "A" * 39, "A" * 41, "G" * 40, "alice"]
)
def test_what_is_no_full_fingerprint_is_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured, match="expected a fingerprint of 40"):
        gpg.parse(text)


def test_a_fingerprint_is_read_as_people_write_it() -> None:
    assert gpg.parse("0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567") == UNKNOWN


def agents(home: Path) -> list[str]:
    lines = [place.read_bytes() for place in Path("/proc").glob("[0-9]*/cmdline")]
    return [line.decode() for line in lines if b"gpg-agent" in line and bytes(home) in line]


def test_a_ring_leaves_nothing_behind(short: Path) -> None:
    home = short / "new" / "ring"
    before = set(Path(tempfile.gettempdir()).glob("pygpg*"))
    for _ in range(3):
        with Ring(home) as ring:
            made = ring.make_throwaway(UID)
            assert ring.verify(DATA, ring.sign(DATA, made), {made}).holds
            assert home.stat().st_mode & 0o777 == 0o700
            assert agents(home)
            assert not (home / "verifying").exists()
        assert not home.exists()
        assert agents(home) == []
    assert set(Path(tempfile.gettempdir()).glob("pygpg*")) == before


def test_a_ring_leaves_nothing_behind_when_its_block_fails(short: Path) -> None:
    home = short / "failing"
    with pytest.raises(ZeroDivisionError), Ring(home) as ring:
        ring.make_throwaway(UID)
        raise ZeroDivisionError
    assert not home.exists() and agents(home) == []


def test_a_home_that_was_there_stays_and_an_agent_that_was_there_too(short: Path) -> None:
    home = short / "standing"
    home.mkdir(mode=0o700)
    with Ring(home) as ring:
        made = ring.make_throwaway(UID)
    assert home.is_dir() and agents(home) == []
    argv = ["gpg-agent", "--homedir", str(home), "--daemon", "--quiet"]
    subprocess.run(argv, capture_output=True, check=True)
    with Ring(home) as ring:
        assert ring.verify(DATA, ring.sign(DATA, made), {made}).holds
    assert agents(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def test_the_longest_home_that_is_taken_has_room_for_the_sockets_and_one_more_is_refused(
    short: Path,
) -> None:
    room = 86 - len(os.fsencode(short)) - 1
    with Ring(short / ("x" * room)) as ring:
        assert ring.sign(DATA, ring.make_throwaway(UID))
    with pytest.raises(Refused, match="at most 86 bytes, found 87, and gpg-agent's sockets"):
        Ring(short / ("x" * (room + 1))).__enter__()
    assert not list(short.glob("x*"))


@pytest.mark.parametrize("kind", ["open to others", "a file", "a link", "relative"])
def test_a_home_that_is_not_private_is_refused(short: Path, kind: str) -> None:
    with tempfile.TemporaryDirectory(dir=short) as folder:
        home = Path(folder) / "home"
        if kind == "open to others":
            home.mkdir()
            home.chmod(0o750)
        elif kind == "a file":
            home.write_text("")
        elif kind == "a link":
            home.symlink_to(short)
        else:
            home = Path("home")
        with pytest.raises(Refused, match="expected a"):
            Ring(home).__enter__()


def test_a_ring_is_of_no_use_outside_its_block(short: Path) -> None:
    with pytest.raises(RuntimeError, match="with block"):
        Ring(short / "unused").sign(DATA, UNKNOWN)


def test_options_of_the_user_and_servers_of_keys_are_not_asked(
    short: Path, key: Fingerprint, signature: bytes
) -> None:
    home = short / "asking"
    home.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        address = f"hkp://127.0.0.1:{server.getsockname()[1]}"
        options = f"keyserver {address}\nauto-key-retrieve\nkeyserver-options auto-key-retrieve\n"
        (home / "gpg.conf").write_text(options + "no-such-option\n")
        with Ring(home) as ring:
            assert "import its public key" in str(ring.verify(DATA, signature, {key}))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not list(home.glob("S.dirmngr*"))


def test_every_program_is_confined_and_has_a_session_and_an_environment_of_its_own(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with Ring(ring.home) as other:
        argv = other.program.make_args(["--version"], False)
        prefix = process.confinement()
        assert tuple(argv[: len(prefix)]) == prefix
        assert {"--no-options", "--batch", "--no-tty", "--disable-dirmngr"} <= set(argv)
        assert "SECRET_TOKEN" not in other.program.env
        child = other.program._open_subprocess(["--verify", "-", "-"])
        try:
            assert os.getsid(child.pid) == child.pid
        finally:
            child.communicate()
