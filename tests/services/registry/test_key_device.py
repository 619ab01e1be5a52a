"""Keys in a real PKCS#11 token (SoftHSM2): the Ed25519 half signs inside it, the ML-DSA half comes from a file."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portability.adapters.keys.device import Pkcs11Device
from portability.adapters.keys.files import load_seeds, store_seeds
from portability.adapters.keys.material import DeviceHalf, draw_key, public_key
from portability.adapters.keys.node_keys import KeyFolder, retire_keys
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import GatewayError
from portability.app.keys import key_folder, open_device
from portability.app.settings import load_settings
from portability.services.hybrid import HybridSignature, domain_separated, verify_hybrid
from portability.services.registry.model import KeyPurpose
from tests.services.registry.keepers import NOON, WINDOW

MODULE = next((path for path in Path("/usr/lib").rglob("libsofthsm2.so")), None)
PIN = "492813"


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if MODULE is None or shutil.which("softhsm2-util") is None:
        pytest.fail("SoftHSM2 is missing, so no key device can be tested: apt-get install softhsm2 (.ci/run does).")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "node", "--pin", PIN, "--so-pin", "771204"],
            check=True,
            capture_output=True,
        )
        yield "node"


@pytest.fixture
def device(token: str) -> Iterator[Pkcs11Device]:
    assert MODULE is not None
    device = Pkcs11Device.open(MODULE, token=token, pin=PIN)
    yield device
    device.close()


def verify(signature: HybridSignature, ring: FileKeyRing, message: bytes) -> None:
    (key,) = ring.role_keys()
    verify_hybrid(message, signature, key_id=key.key_id, ed25519=key.ed25519, mldsa65=key.mldsa65, context=b"test")


def test_a_signing_key_signs_in_the_device_after_its_file_was_read_again(device: Pkcs11Device, tmp_path: Path) -> None:
    seeds = draw_key(KeyPurpose.SIGNING, **WINDOW, device=device)
    assert isinstance(seeds.classical, DeviceHalf)
    path = store_seeds(tmp_path, seeds)
    assert seeds.classical.label in path.read_text()
    ring = FileKeyRing.load(tmp_path, device=device)
    covered = domain_separated(b"message", context=b"test")
    verify(ring.sign(ring.signing_key_id(NOON), covered, context=b"test"), ring, b"message")


def test_a_log_key_signs_in_the_device(device: Pkcs11Device) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    ring = FileKeyRing([draw_key(KeyPurpose.LOG, **WINDOW, device=device)], device=device)
    key = ring.log_key(NOON)
    Ed25519PublicKey.from_public_bytes(key.public.classical).verify(key.sign_ed25519(b"checkpoint"), b"checkpoint")


def test_an_encryption_key_stays_in_its_file(device: Pkcs11Device) -> None:
    assert isinstance(draw_key(KeyPurpose.ENCRYPTION, **WINDOW, device=device).classical, bytes)


def test_the_private_half_does_not_leave_the_device(device: Pkcs11Device) -> None:
    import pkcs11

    seeds = draw_key(KeyPurpose.SIGNING, **WINDOW, device=device)
    assert isinstance(seeds.classical, DeviceHalf)
    session: Any = device._session
    private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=seeds.classical.label)
    assert private[pkcs11.Attribute.SENSITIVE]
    assert not private[pkcs11.Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.PKCS11Error):
        private[pkcs11.Attribute.VALUE]


def test_many_threads_sign_with_one_device(device: Pkcs11Device) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ring = FileKeyRing([draw_key(KeyPurpose.SIGNING, **WINDOW, device=device)], device=device)
    key_id = ring.signing_key_id(NOON)

    def sign(number: int) -> None:
        message = b"message %d" % number
        verify(ring.sign(key_id, domain_separated(message, context=b"test"), context=b"test"), ring, message)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign, range(200)))


def test_a_key_without_its_device_or_without_its_object_is_told(device: Pkcs11Device, tmp_path: Path) -> None:
    seeds = draw_key(KeyPurpose.SIGNING, **WINDOW, device=device)
    store_seeds(tmp_path, seeds)
    without = FileKeyRing.load(tmp_path)
    with pytest.raises(GatewayError, match="set PORTABILITY_PKCS11_MODULE"):
        without.sign(without.signing_key_id(NOON), b"", context=b"test")
    assert isinstance(seeds.classical, DeviceHalf)
    device.destroy(seeds.classical.label)
    ring = FileKeyRing.load(tmp_path, device=device)
    with pytest.raises(GatewayError, match="does not hold the key"):
        ring.sign(ring.signing_key_id(NOON), b"", context=b"test")


def test_a_retired_key_is_gone_from_the_device_too(device: Pkcs11Device, tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path, device=device)
    old, new = (
        draw_key(KeyPurpose.SIGNING, not_before=NOON, not_after=NOON + timedelta(days=days), device=device)
        for days in (10, 400)
    )
    for seeds in (old, new):
        folder.store(seeds)
    assert retire_keys(folder, NOON + timedelta(days=11)) == (public_key(old),)
    assert [public_key(one) for one in load_seeds(tmp_path)] == [public_key(new)]
    assert isinstance(old.classical, DeviceHalf)
    with pytest.raises(GatewayError, match="does not hold"):
        device.sign(old.classical.label, b"")


def test_a_wrong_pin_module_or_token_is_told_without_the_pin(token: str, tmp_path: Path) -> None:
    assert MODULE is not None
    for module, label, pin in ((MODULE, token, "000000"), (tmp_path / "none.so", token, PIN), (MODULE, "other", PIN)):
        with pytest.raises(GatewayError, match="check module, label and PIN") as told:
            Pkcs11Device.open(module, token=label, pin=pin)
        assert pin not in told.value.message


def test_a_node_draws_its_keys_in_the_device_that_its_settings_name(token: str, tmp_path: Path) -> None:
    pin, secret = tmp_path / "pin", tmp_path / "secret"
    for path, content in ((pin, PIN), (secret, "correct horse battery staple")):
        path.write_text(content)
        path.chmod(0o600)
    settings = load_settings(
        {},
        institution="de-drv",
        data_folder=tmp_path / "node",
        pkcs11_module=MODULE,
        pkcs11_token=token,
        pkcs11_pin_file=pin,
        keys_passphrase_file=secret,
    )
    folder = key_folder(settings, at=NOON)
    ring = folder.load()
    verify(ring.sign(ring.signing_key_id(NOON), domain_separated(b"m", context=b"test"), context=b"test"), ring, b"m")
    assert "ciphertext" in next((tmp_path / "node" / "keys").glob("sig-*")).read_text()
    device = open_device(settings)
    assert isinstance(device, Pkcs11Device)
