"""What is encrypted can be read by its recipients alone, and half of a message is none."""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealwright import gpg, process
from sealwright.errors import Damaged, ProgramFailed, Refused
from sealwright.gpg import Fingerprint, Ring, decrypt, encrypt, temporary_ring
from sealwright.gpg.message import Outline
from tests.support.programs import needed
from tests.support.skips import skip

MIB = 1 << 20
CANARY = b"canary-4b1f9e07c2d85a63"
SECRET = "correct horse päss"
UID = f"{gpg.EXAMPLE} <nobody@example.invalid>"
UNKNOWN = gpg.parse("0123456789ABCDEF" * 2 + "01234567")

pytestmark = pytest.mark.skipif(
    process.find("gpg", process.allow_listed()) is None, reason="gpg is not installed"
)


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    with temporary_ring() as made:
        yield made


@pytest.fixture(scope="module")
def key(ring: Ring) -> Fingerprint:
    return ring.make_throwaway(UID)


@pytest.fixture(scope="module")
def locked(ring: Ring) -> Fingerprint:
    made = generate(ring, "Locked", passphrase=SECRET)
    run(ring, "--quick-add-key", made, "cv25519", "encr", "never", passphrase=SECRET)
    forget(ring)
    return made


@pytest.fixture(scope="module")
def message(ring: Ring, key: Fingerprint) -> bytes:
    return encrypted(ring, key, CANARY)


@pytest.fixture(autouse=True)
def nothing_is_left(ring: Ring) -> Iterator[None]:
    gc.collect()  # what others left open is not ours
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    yield
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before
    assert [name for name in at_work(ring).values() if name != "gpg-agent"] == []


def run(ring: Ring, *arguments: str, passphrase: str = "", stdin: bytes = b"") -> bytes:
    """Do with plain gpg what the ring does not offer."""
    argv = ["gpg", "--homedir", str(ring.home), "--batch", "--yes", "--no-tty", "--quiet"]
    loopback = ["--pinentry-mode", "loopback", "--passphrase", passphrase]
    trust = ["--trust-model", "always"]
    done = subprocess.run([*argv, *loopback, *trust, *arguments], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def generate(ring: Ring, name: str, *more: str, passphrase: str = "") -> Fingerprint:
    made = ["--quick-generate-key", f"{name} <k@example.invalid>", "ed25519", "sign,cert", "never"]
    run(ring, *more, *made, passphrase=passphrase)
    return fingerprints(ring, f"{name} <k@example.invalid>")[0]


def fingerprints(ring: Ring, name: str) -> list[Fingerprint]:
    lines = run(ring, "--with-colons", "--list-keys", name).decode("utf-8", "replace").split("\n")
    return [gpg.parse(line.split(":")[9]) for line in lines if line.startswith("fpr:")]


def forget(ring: Ring) -> None:
    """End the agent, which remembers passphrases."""
    subprocess.run(["gpgconf", "--homedir", str(ring.home), "--kill", "all"], check=True)


def encrypted(ring: Ring, key: str, data: bytes) -> bytes:
    pieces: list[bytes] = []
    done = encrypt(ring, [key], io.BytesIO(data), pieces.append)
    assert done == (len(data), sum(map(len, pieces)))
    return b"".join(pieces)


def decrypted(ring: Ring, message: bytes, passphrase: gpg.Passphrase = None) -> bytes:
    pieces: list[bytes] = []
    decrypt(ring, io.BytesIO(message), pieces.append, passphrase)
    return b"".join(pieces)


def at_work(ring: Ring) -> dict[int, str]:
    """Return the programs that serve this home, by number."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(ring.home) in argv:
            found[int(place.parent.name)] = Path(argv[0].decode()).name
    return found


def gpgs(ring: Ring) -> list[int]:
    """Wait until gpg is at work: its number is first that of what confines it."""
    while True:
        found = at_work(ring)
        if any(name == "gpg" for name in found.values()):
            return [number for number, name in found.items() if name == "gpg"]


class Acting(io.BytesIO):
    """A source that does something when it is read for the second time, while gpg is at work."""

    def __init__(self, data: bytes, act: Callable[[], object]) -> None:
        super().__init__(data)
        self.act, self.reads = act, 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads == 2:
            self.act()
        return super().read(size)


def fail(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, MIB + 1, 8 * MIB])
def test_what_was_encrypted_is_decrypted(ring: Ring, key: Fingerprint, size: int) -> None:
    data = os.urandom(size)
    made = encrypted(ring, key, data)
    assert decrypted(ring, made) == data
    assert run(ring, "--decrypt", stdin=made) == data


def test_a_source_may_give_less_than_it_is_asked_for(ring: Ring, key: Fingerprint) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000))

    pieces: list[bytes] = []
    encrypt(ring, [key], Slow(CANARY * 5000), pieces.append)
    given: list[bytes] = []
    decrypt(ring, Slow(b"".join(pieces)), given.append)
    assert b"".join(given) == CANARY * 5000


def test_others_read_it(ring: Ring, key: Fingerprint, tmp_path: Path) -> None:
    sqop = needed("sqop")
    (tmp_path / "key").write_bytes(run(ring, "--export-secret-keys", key))
    data = os.urandom(2 * MIB)
    done = subprocess.run(
        [sqop, "decrypt", str(tmp_path / "key")],
        input=encrypted(ring, key, data),
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (0, data), done.stderr


def test_two_encryptions_of_the_same_bytes_have_nothing_in_common(
    ring: Ring, key: Fingerprint, message: bytes
) -> None:
    assert encrypted(ring, key, CANARY)[-len(CANARY) :] != message[-len(CANARY) :]


def test_a_message_has_integrity_protection_and_neither_compression_nor_name_nor_armor(
    ring: Ring, message: bytes
) -> None:
    packets = run(ring, "--list-packets", stdin=message).decode()
    assert "mdc_method: 2" in packets and 'name=""' in packets
    assert "compressed" not in packets and "aead" not in packets
    assert message[0] & 0x80 and CANARY not in message


def test_each_recipient_reads_it_and_nobody_else(ring: Ring, key: Fingerprint) -> None:
    with temporary_ring() as other:
        second = other.make_throwaway(UID)
        ring.import_keys(run(other, "--export", second))
        pieces: list[bytes] = []
        encrypt(ring, [key, second, key], io.BytesIO(CANARY), pieces.append)
        both = b"".join(pieces)
        assert run(ring, "--list-packets", stdin=both).count(b":pubkey enc packet:") == 2
        assert decrypted(ring, both) == decrypted(other, both) == CANARY
        with pytest.raises(Refused, match="expected one for a secret key of this ring"):
            decrypted(other, encrypted(ring, key, CANARY))


def test_every_changed_byte_is_found_or_changes_nothing(ring: Ring, message: bytes) -> None:
    # 263 and 262 bits are 33 bytes; X25519 does not look at the last bit of a point (RFC 7748, 5)
    harmless = [(13, 0x01), (46, 0x80)]
    passed = []
    for bit in (0x01, 0x80):
        for at in range(len(message)):
            form = message[:at] + bytes([message[at] ^ bit]) + message[at + 1 :]
            try:
                assert decrypted(ring, form) == CANARY
                passed.append((at, bit))
            except (Damaged, Refused):
                pass
    assert set(passed) <= set(harmless)


def test_a_changed_byte_far_behind_is_found_after_bytes_were_released(
    ring: Ring, key: Fingerprint
) -> None:
    made = bytearray(encrypted(ring, key, bytes(3 * MIB)))
    made[-1000] ^= 1
    pieces: list[bytes] = []
    with pytest.raises(Damaged, match="manipulated"):
        decrypt(ring, io.BytesIO(made), pieces.append)
    assert pieces


def test_every_truncation_is_found(ring: Ring, message: bytes) -> None:
    for length in range(0, len(message), 3):
        with pytest.raises(Damaged, match="ends too early"):
            decrypted(ring, message[:length])


LONG = bytes(600)
SEALED = b"\xd2\x02\x01\x00"


@pytest.mark.parametrize(
    "form",
    [
        b"\xc1\x02\x03\x00" + SEALED,
        b"\x84\x02\x03\x00\x85\x00\x02\x03\x00\x86\x00\x00\x00\x02\x03\x00" + SEALED,
        b"\x84\x02\x03\x00\xd2\xc1\x99\x01" + LONG,
        b"\x84\x02\x03\x00\xd2\xff\x00\x00\x02\x59\x01" + LONG,
        b"\x84\x02\x03\x00\xd2\xe9\x01" + LONG[:511] + b"\xe1\x00\x00\x00",
    ],
)
def test_every_way_to_write_a_length_is_followed(form: bytes) -> None:
    for size in (1, 2, 7, len(form)):
        outline = Outline()
        for at in range(0, len(form), size):
            outline.update(form[at : at + size])
        outline.finish()
        with pytest.raises(Damaged, match="nothing after"):
            outline.update(b"x")
    for length in range(len(form)):
        outline = Outline()
        outline.update(form[:length])
        with pytest.raises(Damaged, match="ends too early"):
            outline.finish()


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (b"hello", "found none; gpg --dearmor helps"),
        (b"\x87\x03", "found one that does not"),
        (b"\x84\x00", "found a packet of tag 1"),
        (b"\x84\x02\x04\x00", "found a packet of tag 1"),
        (b"\xd2\x02\x02\x00", "found a packet of tag 18"),
        (b"\xc9\x02\x01\x00", "found a packet of tag 9"),
        (b"\xd4\x02\x01\x00", "found a packet of tag 20"),
    ],
)
def test_what_has_another_outline_is_told(form: bytes, found: str) -> None:
    with pytest.raises(Damaged, match=found):
        Outline().update(form)


@pytest.mark.parametrize(
    ("junk", "told"),
    [
        pytest.param(b"garbage", "nothing after", id="garbage"),
        pytest.param(b"\0", "nothing after", id="one byte"),
        pytest.param(b"\xca\x03PGP", "nothing after", id="a marker, which gpg skips"),
        pytest.param(b"\xff\x03PGP", "nothing after", id="a packet that gpg does not know"),
    ],
)
def test_what_stands_after_or_before_a_message_is_found(
    ring: Ring, message: bytes, junk: bytes, told: str
) -> None:
    with pytest.raises(Damaged, match=told):
        decrypted(ring, message + junk)
    with pytest.raises(Damaged, match="message: expected"):
        decrypted(ring, junk + message)


def test_two_messages_are_none(ring: Ring, message: bytes) -> None:
    with pytest.raises(Damaged, match="nothing after one encrypted message"):
        decrypted(ring, message + message)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--store"], id="not encrypted"),
        pytest.param(["--symmetric", "--passphrase", "x"], id="to a passphrase"),
        pytest.param(["--armor", "--encrypt"], id="armored"),
        pytest.param(["--rfc2440", "--disable-mdc", "--encrypt"], id="without integrity"),
    ],
)
def test_another_kind_of_message_is_refused(
    ring: Ring, key: Fingerprint, options: list[str]
) -> None:
    other = run(ring, "--recipient", key, *options, stdin=CANARY)
    with pytest.raises(Damaged, match="message: expected"):
        decrypted(ring, other)


def test_a_message_of_plain_gpg_is_read_compressed_and_signed_or_not(
    ring: Ring, key: Fingerprint
) -> None:
    to = ["--recipient", key, "--local-user", key]
    for options in (["--encrypt"], ["--sign", "--encrypt"], ["-z", "9", "--encrypt"]):
        assert decrypted(ring, run(ring, *to, *options, stdin=CANARY * 99)) == CANARY * 99


def test_nothing_is_not_encrypted(ring: Ring, key: Fingerprint) -> None:
    with pytest.raises(Refused, match="source: expected something to encrypt, found nothing"):
        encrypt(ring, [key], io.BytesIO(), fail(AssertionError()))


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), OSError("disk")])
def test_a_source_that_fails_leaves_no_message_that_could_be_believed(
    ring: Ring, key: Fingerprint, error: BaseException
) -> None:
    pieces: list[bytes] = []
    with pytest.raises(type(error)) as raised:
        encrypt(ring, [key], Acting(bytes(3 * MIB), fail(error)), pieces.append)
    assert raised.value is error
    with pytest.raises(Damaged):
        decrypted(ring, b"".join(pieces))


def test_a_source_that_has_nothing_just_now_has_not_ended(ring: Ring, key: Fingerprint) -> None:
    class Later(Acting):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(size) if self.reads < 1 else None  # type: ignore[return-value]

    with pytest.raises(TypeError, match="source: expected bytes, found NoneType"):
        encrypt(ring, [key], Later(bytes(3 * MIB), bool), bool)


@pytest.mark.parametrize("when", ["first", "middle", "last"])
def test_a_sink_that_fails_is_not_called_again(ring: Ring, key: Fingerprint, when: str) -> None:
    data = bytes(8 * MIB)
    whole = len(encrypted(ring, key, data))
    limit = {"first": 0, "middle": whole // 2, "last": whole - 1}[when]
    taken = 0
    error = OSError(28, "No space left on device")

    def sink(piece: bytes) -> None:
        nonlocal taken
        assert taken <= limit, "called again"
        taken += len(piece)
        if taken > limit:
            raise error

    source = io.BytesIO(data)
    with pytest.raises(OSError) as raised:
        encrypt(ring, [key], source, sink)
    assert raised.value is error
    if when == "first":
        assert source.tell() < len(data)
    taken, limit = 0, {"first": 0, "middle": len(data) // 2, "last": len(data) - 1}[when]
    with pytest.raises(OSError) as raised:
        decrypt(ring, io.BytesIO(encrypted(ring, key, data)), sink)
    assert raised.value is error


def test_a_killed_gpg_is_an_error(ring: Ring, key: Fingerprint) -> None:
    def kill() -> None:
        os.kill(*gpgs(ring), signal.SIGKILL)

    with pytest.raises(ProgramFailed, match="expected an exit code, found signal 9"):
        encrypt(ring, [key], Acting(bytes(3 * MIB), kill), bool)
    made = encrypted(ring, key, bytes(3 * MIB))
    with pytest.raises(ProgramFailed, match="found signal 9"):
        decrypt(ring, Acting(made, kill), bool)


def test_a_gpg_that_ends_early_is_an_error(ring: Ring, key: Fingerprint) -> None:
    def end() -> None:
        os.kill(*gpgs(ring), signal.SIGTERM)

    with pytest.raises(ProgramFailed, match=r"found signal 15|found exit code 2"):
        encrypt(ring, [key], Acting(bytes(3 * MIB), end), bool)


def test_when_the_run_is_stopped_gpg_is_ended(ring: Ring, key: Fingerprint) -> None:
    try:
        with pytest.raises(process.Stopping, match="the run is being stopped"):
            encrypt(ring, [key], Acting(bytes(3 * MIB), process.stop_all), bool)
        with pytest.raises(process.Stopping):
            encrypt(ring, [key], io.BytesIO(CANARY), bool)
    finally:
        process.reopen()


def test_when_its_time_is_up_gpg_is_ended(ring: Ring, key: Fingerprint, message: bytes) -> None:
    with pytest.raises(ProgramFailed, match="expected an end in 0 s, found it still at work"):
        encrypt(ring, [key], io.BytesIO(bytes(8 * MIB)), bool, timeout=0)
    with pytest.raises(ProgramFailed, match="expected an end in 0 s"):
        decrypt(ring, io.BytesIO(message), bool, timeout=0)


def told(ring: Ring, recipient: str, now: int = 0) -> str:
    verdict = ring.check_recipients([recipient], now)
    assert not verdict.holds
    with pytest.raises(Refused):
        encrypt(ring, [recipient], fail(AssertionError()), bool)  # type: ignore[arg-type]
    return str(verdict)


def test_a_fit_recipient_is_named_and_so_is_one_for_examples(ring: Ring, key: Fingerprint) -> None:
    plain = generate(ring, "Reader")
    run(ring, "--quick-add-key", plain, "cv25519", "encr", "never")
    verdict = ring.check_recipients([plain, key], 1 << 40)
    assert verdict.holds, str(verdict)
    assert verdict.evidence == {"recipients": sorted([plain, key]), "examples": [key]}


def test_no_recipients_are_refused(ring: Ring) -> None:
    assert "expected at least one, found none" in str(ring.check_recipients([]))
    with pytest.raises(Refused, match="expected at least one, found none"):
        encrypt(ring, [], io.BytesIO(CANARY), bool)


def test_every_recipient_that_is_not_fit_is_told(ring: Ring, key: Fingerprint) -> None:
    verdict = ring.check_recipients([UNKNOWN, key, "nobody"])
    assert [finding.where for finding in verdict.findings] == [
        f"recipient {UNKNOWN}",
        "recipient nobody",
    ]


@pytest.mark.parametrize("text", ["nobody@example.invalid", "", "A" * 16, "0x" + "A" * 40, "-r"])
def test_a_recipient_is_named_by_a_fingerprint_only(ring: Ring, text: str) -> None:
    assert "expected a full fingerprint of 40 upper-case hexadecimal digits" in told(ring, text)


def test_an_unknown_recipient_is_told(ring: Ring) -> None:
    assert "expected a key of this ring, found none; import its public key" in told(ring, UNKNOWN)


def test_a_subkey_is_no_recipient(ring: Ring, key: Fingerprint) -> None:
    subkey = fingerprints(ring, key)[1]
    assert f"expected a primary key, found a subkey of {key}" in told(ring, subkey)


def test_a_key_that_only_signs_is_no_recipient(ring: Ring) -> None:
    signer = generate(ring, "Signer")
    assert "expected a key that may encrypt, found none in force" in told(ring, signer)


def test_a_key_whose_encryption_subkey_has_expired_is_no_recipient(ring: Ring) -> None:
    past = ["--faked-system-time", "20200101T000000"]
    made = generate(ring, "Subkey", *past)
    run(ring, *past, "--quick-add-key", made, "cv25519", "encr", "2d")
    assert "expected a key that may encrypt, found none in force" in told(ring, made)


def test_a_key_that_has_expired_or_will_have_is_no_recipient(ring: Ring) -> None:
    past = ["--faked-system-time", "20200101T000000"]
    expired = generate(ring, "Expired", *past)
    run(ring, *past, "--quick-add-key", expired, "cv25519", "encr", "never")
    run(ring, *past, "--quick-set-expire", expired, "2d")
    assert "expected a key in force, found one that has expired" in told(ring, expired)
    run(ring, "--quick-set-expire", expired, "20800101T000000")
    assert ring.check_recipients([expired], 3471292799).holds
    late = str(ring.check_recipients([expired], 3471292800))
    assert "found one that expired at 2080-01-01T00:00:00Z" in late


def test_a_key_that_is_revoked_or_disabled_is_no_recipient(ring: Ring) -> None:
    made = generate(ring, "Revoked")
    run(ring, "--quick-add-key", made, "cv25519", "encr", "never")
    run(ring, "--command-fd", "0", "--edit-key", made, "disable", "save")
    assert "expected a key in force, found one that is disabled" in told(ring, made)
    run(ring, "--command-fd", "0", "--edit-key", made, "enable", "save")
    assert ring.check_recipients([made]).holds
    certificate = (ring.home / "openpgp-revocs.d" / f"{made}.rev").read_bytes()
    run(ring, "--import", stdin=certificate.replace(b":-----BEGIN", b"-----BEGIN"))
    assert "expected a key in force, found one that is revoked" in told(ring, made)


def test_a_user_id_in_no_encoding_hides_no_recipient(ring: Ring) -> None:
    parameters = b"%no-protection\nKey-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n"
    parameters += b"Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\n"
    parameters += b"Name-Real: M\xfcller\nName-Email: m@example.invalid\nExpire-Date: 0\n"
    run(ring, "--charset", "utf-8", "--generate-key", stdin=parameters)
    named = fingerprints(ring, "m@example.invalid")[0]
    assert decrypted(ring, encrypted(ring, named, CANARY)) == CANARY


def piped(data: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


def test_a_passphrase_comes_through_a_descriptor_or_is_asked_for(
    ring: Ring, locked: Fingerprint
) -> None:
    made = encrypted(ring, locked, CANARY)
    for line in (SECRET, f"{SECRET}\n", f"{SECRET}\r\nmore\n"):
        forget(ring)
        with open(piped(line.encode()), "rb", 0) as reader:
            assert decrypted(ring, made, reader.fileno()) == CANARY
    forget(ring)
    assert decrypted(ring, made, lambda: SECRET) == CANARY
    assert decrypted(ring, made, lambda: "not looked at: the agent remembers") == CANARY
    forget(ring)


def test_a_wrong_passphrase_is_told_and_is_not_repeated(
    ring: Ring, locked: Fingerprint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = encrypted(ring, locked, CANARY)
    forget(ring)
    with pytest.raises(Refused, match="expected that of the secret key, found another") as raised:
        decrypted(ring, made, lambda: "wrong-4711")
    assert "4711" not in str(raised.value) + caplog.text


def test_without_a_pinentry_the_passphrase_is_asked_for_in_vain(
    ring: Ring, locked: Fingerprint
) -> None:
    made = encrypted(ring, locked, CANARY)
    forget(ring)
    place = ring.home / "gpg-agent.conf"
    place.write_text("pinentry-program /nonexistent\n")
    try:
        with pytest.raises(Refused, match="passphrase: expected that of the secret key, found"):
            decrypted(ring, made)
    finally:
        place.unlink()
        forget(ring)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"", "an empty line"),
        (b"\n", "an empty line"),
        (b"\nfirst line of the message", "an empty line"),
        (b"tab\there", "printable UTF-8"),
        (b"\xff\xfe", "printable UTF-8"),
        (b"bell\x07", "printable UTF-8"),
        (b"x" * 256, "at most 255 bytes"),
    ],
)
def test_what_is_no_passphrase_is_refused(
    ring: Ring, message: bytes, line: bytes, found: str
) -> None:
    with open(piped(line), "rb", 0) as reader, pytest.raises(Refused, match=found) as raised:
        decrypted(ring, message, reader.fileno())
    assert raised.value.__context__ is None or "bell" not in str(raised.value.__context__)
    with pytest.raises(Refused, match=found):
        decrypted(
            ring, message, lambda: line.partition(b"\n")[0].decode("utf-8", "surrogateescape")
        )


def test_a_passphrase_is_asked_for_at_a_terminal_or_not_at_all(
    ring: Ring, key: Fingerprint, message: bytes
) -> None:
    code = (
        "from sealwright.errors import Refused\n"
        "from sealwright.gpg import on_terminal\n"
        "try:\n    on_terminal()()\nexcept Refused as told:\n    print(told)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"typed\n", capture_output=True, start_new_session=True
    )
    assert b"expected a terminal to ask at, found none" in done.stdout, done


def test_a_passphrase_is_seen_by_nobody(
    ring: Ring, locked: Fingerprint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[bytes] = []

    def look() -> None:
        for number in gpgs(ring) + list(at_work(ring)):
            for name in ("cmdline", "environ"):
                try:
                    seen.append(Path(f"/proc/{number}/{name}").read_bytes())
                except PermissionError:
                    assert name == "environ"  # gpg-agent forbids it
                except (FileNotFoundError, ProcessLookupError):
                    pass  # it has ended meanwhile

    made = encrypted(ring, locked, bytes(3 * MIB))
    forget(ring)
    decrypt(ring, Acting(made, look), bool, lambda: SECRET)
    forget(ring)
    assert any(b"--passphrase-fd" in text for text in seen)
    assert not any(SECRET.encode() in text for text in seen)
    assert SECRET not in caplog.text


def test_encrypting_starts_no_agent_and_the_one_that_decrypts_ends_with_its_ring() -> None:
    with temporary_ring() as ring:
        key = ring.make_throwaway(UID)
        forget(ring)
        while at_work(ring):
            pass
        made = encrypted(ring, key, CANARY)
        assert at_work(ring) == {} and not list(ring.home.glob("S.dirmngr*"))
        assert decrypted(ring, made) == CANARY
        assert set(at_work(ring).values()) == {"gpg-agent"}
    assert at_work(ring) == {} and not ring.home.parent.exists()


def test_a_temporary_ring_is_short_private_and_gone_when_its_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), temporary_ring() as ring:
        assert ring.home.parent.stat().st_mode & 0o777 == 0o700
        raise ZeroDivisionError
    assert not ring.home.parent.exists()


def test_gpg_has_no_network(ring: Ring, key: Fingerprint) -> None:
    if not process.isolated():
        skip("namespaces are forbidden here")
    seen: list[str] = []

    def look() -> None:
        seen.extend(os.readlink(f"/proc/{number}/ns/net") for number in gpgs(ring))

    encrypt(ring, [key], Acting(bytes(3 * MIB), look), bool)
    assert seen and os.readlink("/proc/self/ns/net") not in seen


def test_no_plain_byte_reaches_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        looked: list[int] = []

        def look() -> None:
            files = [place for place in Path(folder).rglob("*") if place.is_file()]
            assert not any(CANARY in place.read_bytes() for place in files)
            looked.append(len(files))

        with Ring(Path(folder, "ring")) as ring:
            key = ring.make_throwaway(UID)
            pieces: list[bytes] = []
            encrypt(ring, [key], Acting(CANARY * MIB, look), pieces.append)
            look()
            plain: list[bytes] = []
            decrypt(ring, Acting(b"".join(pieces), look), plain.append)
            look()
            assert b"".join(plain) == CANARY * MIB
            with pytest.raises(ZeroDivisionError):
                broken = Acting(b"".join(pieces), fail(ZeroDivisionError()))
                decrypt(ring, broken, bool)
            look()
        assert len(looked) == 5


MEMORY = r"""
import re, sys
from pathlib import Path
from sealwright.gpg import Ring, decrypt, encrypt

class Zeros:
    rest = 256 << 20

    def read(self, size):
        size = min(size, self.rest)
        self.rest -= size
        return bytes(size)

with Ring(Path(sys.argv[1])) as ring:
    if sys.argv[3] == "encrypt":
        with open(sys.argv[4], "wb") as sink:
            print(encrypt(ring, [sys.argv[2]], Zeros(), sink.write).read)
    else:
        with open(sys.argv[4], "rb") as source:
            print(decrypt(ring, source, len).given)
print(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
"""  # ru_maxrss of a child begins with that of its parent


def test_memory_does_not_grow_with_what_passes(
    ring: Ring, key: Fingerprint, tmp_path: Path
) -> None:
    for verb in ("encrypt", "decrypt"):
        argv = [sys.executable, "-c", MEMORY, str(ring.home), key, verb, str(tmp_path / "message")]
        done = subprocess.run(argv, capture_output=True, check=True)
        passed, kilobytes = map(int, done.stdout.split())
        assert passed == 256 * MIB
        assert kilobytes < 64 << 10, f"{kilobytes} kB"
    (tmp_path / "message").unlink()
