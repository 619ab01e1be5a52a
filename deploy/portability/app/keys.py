"""The folder of a node's keys as the settings describe it: sealed or not, with a device or without."""

from datetime import datetime
from pathlib import Path

from portability.adapters.keys.device import KeyDevice, Pkcs11Device
from portability.adapters.keys.files import read_passphrase, read_secret_line
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.node_keys import KeyFolder
from portability.adapters.keys.rotation import missing_keys
from portability.agreements.errors import InputError
from portability.app.settings import Settings
from portability.services.registry.model import PublicKey

__all__ = ["draw_missing", "key_folder", "open_device"]


def key_folder(settings: Settings, *, at: datetime) -> KeyFolder:
    """The node's own folder of keys; what its plan lacks is drawn where the folder is empty. Raises GatewayError."""
    secret = settings.keys_passphrase_file
    folder = KeyFolder(
        settings.data_folder / "keys",
        passphrase="" if secret is None else read_passphrase(secret),
        device=open_device(settings),
    )
    if not folder.names():
        draw_missing(folder, (), at=at)
    return folder


def open_device(settings: Settings) -> KeyDevice | None:
    """The device that the settings name; None where they name none. Raises GatewayError or InputError."""
    if settings.pkcs11_module is None:
        return None
    if not settings.pkcs11_token or settings.pkcs11_pin_file is None:
        raise InputError(
            "PORTABILITY_PKCS11_MODULE is set: set PORTABILITY_PKCS11_TOKEN and PORTABILITY_PKCS11_PIN_FILE too.",
            field="PORTABILITY_PKCS11_TOKEN",
        )
    pin = read_secret_line(settings.pkcs11_pin_file, what="PIN file")
    return Pkcs11Device.open(settings.pkcs11_module, token=settings.pkcs11_token, pin=pin)


def draw_missing(folder: KeyFolder, kept: tuple[PublicKey, ...], *, at: datetime) -> tuple[Path, ...]:
    """Draw the keys that the plan lacks beside those that are kept; return their files. Raises GatewayError."""
    return tuple(
        folder.store(draw_key(one.purpose, not_before=one.not_before, not_after=one.not_after, device=folder.device))
        for one in missing_keys(kept, at=at)
    )
