"""Sealing and opening bundles of 256 messages of 1 KiB, CPU time of one core, beside AES-256-GCM of the same records.

Sealing: one X-Wing encapsulation, one AEAD, Merkle root, Ed25519 and ML-DSA-65. Opening: both signatures verified,
decrypted, root and every commitment checked. `submitting` is what a message costs before: salt, commitment, header,
leaf. The baseline encrypts each record by itself under one key, which proves nothing of who sent it.
"""

import secrets
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.services.exchange.bundle import open_bundle, seal_bundle
from portability.services.exchange.envelope import ITEM_LIMIT
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.model.sending import Sealable
from portability.services.exchange.outgoing import outbox_message
from portability.services.purposes import COOPERATION
from portability.services.registry.model import Directory, Institution, KeyPurpose

PAIRS = 7
BUNDLES = 10
RECORD = secrets.token_bytes(1024)
ME, TO = "de-drv", "it-inps"
CLOCK = SystemClock()


def run() -> list[dict[str, Any]]:
    """Messages a second and core, each beside bare AES-256-GCM in the same direction."""
    rings, trust = _parties()
    messages = [_message(number) for number in range(1, ITEM_LIMIT + 1)]
    value = _seal(messages, rings, trust)
    key, nonce = AESGCM(AESGCM.generate_key(256)), secrets.token_bytes(12)
    encrypted = key.encrypt(nonce, RECORD, None)
    pairs = {
        "submitting": (lambda: [_message(n) for n in range(ITEM_LIMIT)], lambda: _each(key.encrypt, nonce, RECORD)),
        "sealing": (lambda: _seal(messages, rings, trust), lambda: _each(key.encrypt, nonce, RECORD)),
        "opening": (lambda: _open(value, rings, trust), lambda: _each(key.decrypt, nonce, encrypted)),
    }
    return [_line(name, *pair) for name, pair in pairs.items()]


def _line(name: str, ours: Callable[[], object], bare: Callable[[], object]) -> dict[str, Any]:
    rates = [(_rate(ours), _rate(bare)) for _ in range(PAIRS)]
    return {
        "name": f"g1_{name}_a_core",
        "value": round(statistics.median(mine for mine, _ in rates)),
        "unit": "messages/s of CPU",
        "baseline": round(statistics.median(base for _, base in rates)),
        "ratio": round(statistics.median(mine / base for mine, base in rates), 3),
    }


def _rate(work: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(BUNDLES):
        work()
    return BUNDLES * ITEM_LIMIT / (time.process_time() - started)


def _each(crypt: Callable[[bytes, bytes, None], bytes], nonce: bytes, data: bytes) -> None:
    for _ in range(ITEM_LIMIT):
        crypt(nonce, data, None)


def _message(number: int) -> Sealable:
    message_id = time_ordered_id()
    message = OutgoingMessage(
        message_id,
        str(message_id),
        TO,
        message_id,
        "record.note",
        1,
        RECORD,
        purpose=COOPERATION.code,
        legal_basis=str(COOPERATION.citation),
    )
    salt = secrets.token_bytes(32)
    return outbox_message(message, me=ME, at=CLOCK.now(), stream_seq=number + 1, case_seq=1, salt=salt).sealable


def _seal(messages: list[Sealable], rings: dict[str, FileKeyRing], trust: DirectoryTrust) -> bytes:
    return seal_bundle(
        messages, bundle_id=time_ordered_id(), me=ME, recipient=TO, keys=rings[ME], trust=trust, at=CLOCK.now()
    ).value


def _open(value: bytes, rings: dict[str, FileKeyRing], trust: DirectoryTrust) -> None:
    opened = open_bundle(value, me=TO, keys=rings[TO], trust=trust, at=CLOCK.now())
    if len(opened.opened) != ITEM_LIMIT:
        raise AssertionError("a message of our own bundle was refused")


def _parties() -> tuple[dict[str, FileKeyRing], DirectoryTrust]:
    now = CLOCK.now()
    window = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    rings = {name: FileKeyRing([draw_key(purpose, **window) for purpose in KeyPurpose]) for name in (ME, TO)}
    institutions = tuple(
        Institution(name, name, name[:2].upper(), keys=ring.public_keys()) for name, ring in rings.items()
    )
    directory = Directory(1, now - timedelta(days=1), now + timedelta(days=1), institutions)
    return rings, DirectoryTrust(lambda: directory, clock=CLOCK)
