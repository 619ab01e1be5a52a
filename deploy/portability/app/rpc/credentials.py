"""The node's certificate authority and the short-lived certificates of its server and callers.

ECDSA P-256, because gRPC for Python refuses Ed25519 certificates. One authority serves one institution: it is the
only root that its node trusts. Keys are files that only their owner reads (mode 0600), under `<data folder>/tls`:
authority.{crt,key}, server.{crt,key} and callers/<role>-<name>.{crt,key}.

Not modelled: revocation before the end of a certificate's life, which is why that life is short.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portability.agreements.errors import InputError
from portability.app.rpc.identity import caller_uri, check_caller_parts
from portability.services.access import Role

__all__ = ["Authority", "CallerFiles", "Clock", "IssuedCertificate", "NodeTls"]

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=7)
CALLER_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=7)
CLOCK_SKEW = timedelta(minutes=5)
"""Certificates are valid from five minutes ago, for callers whose clock is a little behind."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class CallerFiles:
    """Where the files of one caller are: what `buf curl` takes as --cacert, --cert and --key."""

    authority: Path
    certificate: Path
    key: Path

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return mTLS credentials; a channel keeps them, so rebuild it when the certificate was renewed."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.authority.read_bytes(),
            private_key=self.key.read_bytes(),
            certificate_chain=self.certificate.read_bytes(),
        )


class Authority:
    """Issues the certificates of one institution."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, institution: str) -> None:
        self._certificate = certificate
        self._key = key
        self.institution = institution

    @classmethod
    def create(cls, institution: str, *, now: datetime) -> "Authority":
        """Make a new root for `institution`, valid for ten years from `now`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"{institution} node authority")
        builder = (
            _builder(name, key.public_key(), now=now, life=AUTHORITY_LIFE)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key, institution)

    @classmethod
    def load(cls, issued: IssuedCertificate, institution: str) -> "Authority":
        """Read an authority that `issued` has kept; raise InputError where the files are not one."""
        try:
            key = serialization.load_pem_private_key(issued.key, password=None)
            certificate = x509.load_pem_x509_certificate(issued.certificate)
        except ValueError as error:
            raise InputError(f"The authority of '{institution}' cannot be read: {error}.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise InputError(f"The authority of '{institution}' needs an ECDSA key that fits its certificate.")
        return cls(certificate, key, institution)

    def issued(self) -> IssuedCertificate:
        """Return the authority's own certificate and key, to be kept."""
        return IssuedCertificate(_pem(self._certificate), _key_pem(self._key))

    def certificate_pem(self) -> bytes:
        return _pem(self._certificate)

    def issue_server(self, hosts: Sequence[str], *, now: datetime, life: timedelta = SERVER_LIFE) -> IssuedCertificate:
        """Issue a server certificate for host names and IP addresses."""
        names = [_host(host) for host in hosts]
        return self._issue(f"{self.institution} node", names, ExtendedKeyUsageOID.SERVER_AUTH, now=now, life=life)

    def issue_caller(
        self, role: Role, name: str, *, now: datetime, life: timedelta = CALLER_LIFE, institution: str = ""
    ) -> IssuedCertificate:
        """Issue a client certificate; `institution` is another's only for a peer, and empty for the own one.

        Raises InputError where the parts do not fit into an identity or `life` is longer than seven days.
        """
        of = institution or self.institution
        check_caller_parts(of, name)
        if life > LONGEST_LIFE:
            raise InputError(f"A certificate may live {LONGEST_LIFE.days} days at most, not {life}.", field="life")
        if of != self.institution and role is not Role.PEER:
            raise InputError(
                f"'{self.institution}' issues certificates for '{of}' only with the role 'peer', not '{role}'.",
                field="institution",
            )
        uri = x509.UniformResourceIdentifier(caller_uri(of, role, name))
        return self._issue(name, [uri], ExtendedKeyUsageOID.CLIENT_AUTH, now=now, life=life)

    def _issue(
        self,
        common_name: str,
        names: Sequence[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        *,
        now: datetime,
        life: timedelta,
    ) -> IssuedCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(common_name), key.public_key(), now=now, life=life)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return IssuedCertificate(_pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key))


class NodeTls:
    """The TLS files of one node, made when missing and renewed when a third of their life is left."""

    def __init__(self, folder: Path, institution: str, *, hosts: Sequence[str], clock: Clock) -> None:
        self._folder = folder
        self._hosts = tuple(hosts)
        self._clock = clock
        self.authority = self._open_authority(institution)
        self._current = self._server_certificate()

    def server_credentials(self) -> grpc.ServerCredentials:
        """Return credentials that demand a client certificate and pick up a renewed server certificate."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(),
            self._renewed_configuration,  # type: ignore[arg-type]  # the stubs forget that None means: keep it
            require_client_authentication=True,
        )

    def caller(self, role: Role, name: str, *, life: timedelta = CALLER_LIFE, institution: str = "") -> CallerFiles:
        """Return the files of a caller, issued anew where they are missing or near their end."""
        of_whom = f"{institution}-" if institution else ""
        stem = self._folder / "callers" / f"{of_whom}{role}-{name}"
        files = CallerFiles(
            self._folder / "authority.crt", stem.with_name(f"{stem.name}.crt"), stem.with_name(f"{stem.name}.key")
        )
        now = self._clock.now()
        if not files.certificate.exists() or _near_its_end(files.certificate.read_bytes(), now):
            issued = self.authority.issue_caller(role, name, now=now, life=life, institution=institution)
            _keep(issued, files.certificate, files.key)
        return files

    def _open_authority(self, institution: str) -> Authority:
        certificate, key = self._folder / "authority.crt", self._folder / "authority.key"
        if not certificate.exists():
            _keep(Authority.create(institution, now=self._clock.now()).issued(), certificate, key)
        return Authority.load(IssuedCertificate(certificate.read_bytes(), key.read_bytes()), institution)

    def _server_certificate(self) -> IssuedCertificate:
        certificate, key = self._folder / "server.crt", self._folder / "server.key"
        now = self._clock.now()
        if not certificate.exists() or _near_its_end(certificate.read_bytes(), now):
            _keep(self.authority.issue_server(self._hosts, now=now), certificate, key)
        return IssuedCertificate(certificate.read_bytes(), key.read_bytes())

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        pair = (self._current.key, self._current.certificate)
        return grpc.ssl_server_certificate_configuration([pair], self.authority.certificate_pem())

    def _renewed_configuration(self) -> grpc.ServerCertificateConfiguration | None:
        # gRPC asks before each handshake; None means: keep what you have.
        fresh = self._server_certificate()
        if fresh == self._current:
            return None
        self._current = fresh
        return self._configuration()


def _builder(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


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


def _near_its_end(certificate: bytes, now: datetime) -> bool:
    read = x509.load_pem_x509_certificate(certificate)
    life = read.not_valid_after_utc - read.not_valid_before_utc
    return read.not_valid_after_utc - now < life / 3


def _keep(issued: IssuedCertificate, certificate: Path, key: Path) -> None:
    certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The key first: whoever sees the certificate also finds its key.
    for path, content in ((key, issued.key), (certificate, issued.certificate)):
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        beside.replace(path)
