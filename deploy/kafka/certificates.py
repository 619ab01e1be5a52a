"""Certificates of a Kafka cluster: its authority, a broker, an administrator and the institutions (ECDSA P-256, PEM).

    python deploy/kafka/certificates.py FOLDER --host broker.example.org de-drv it-inps

The subject says who: CN=<institution id>, CN=broker or CN=administrator, and nothing else; production.properties maps
it to the Kafka principal. Any other authority will do as well, as long as it writes such subjects. Files that exist
stay.
"""

import argparse
import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["KafkaAuthority"]

AUTHORITY_DAYS = 3650
CLIENT_DAYS = 30
BROKER_DAYS = 90


@dataclass(frozen=True, slots=True)
class KafkaAuthority:
    """The authority of one cluster; its files are in `folder`, readable by their owner only."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def open(cls, folder: Path, *, now: datetime) -> "KafkaAuthority":
        """Read the authority in `folder`, or make one."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / "authority.key"
        if not kept.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            builder = _builder("kafka authority", key, days=AUTHORITY_DAYS, now=now)
            builder = builder.issuer_name(_subject("kafka authority"))
            limits = x509.BasicConstraints(ca=True, path_length=0)
            certificate = builder.add_extension(limits, critical=True).sign(key, hashes.SHA256())
            _write(folder / "authority.crt", _pem(certificate))
            _write(kept, _key_pem(key))
        loaded = serialization.load_pem_private_key(kept.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{kept} is no ECDSA key: remove the folder and start again.")
        return cls(folder, x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes()), loaded)

    def issue(self, name: str, *, now: datetime, hosts: tuple[str, ...] = (), days: int = CLIENT_DAYS) -> None:
        """Write <name>.crt, <name>.key and <name>.pem (both, for a broker); `hosts` are what a broker answers to."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        builder = (
            _builder(name, key, days=days, now=now)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = _pem(builder.sign(self.key, hashes.SHA256()))
        for suffix, content in (("crt", certificate), ("key", _key_pem(key)), ("pem", _key_pem(key) + certificate)):
            _write(self.folder / f"{name}.{suffix}", content)


def _builder(name: str, key: ec.EllipticCurvePrivateKey, *, days: int, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", action="append", required=True, help="name or address of a broker; may be repeated")
    parser.add_argument("institutions", nargs="+")
    wanted = parser.parse_args()
    now = datetime.now(UTC)  # noqa: TID251 (a command: the machine's clock is what certificates are checked by)
    authority = KafkaAuthority.open(wanted.folder, now=now)
    for name in ("broker", "administrator", *wanted.institutions):
        if not (wanted.folder / f"{name}.crt").exists():
            hosts = tuple(wanted.host) if name == "broker" else ()
            authority.issue(name, now=now, hosts=hosts, days=BROKER_DAYS if hosts else CLIENT_DAYS)
            print(f"wrote {wanted.folder / name}.crt and .key")


if __name__ == "__main__":
    main()
