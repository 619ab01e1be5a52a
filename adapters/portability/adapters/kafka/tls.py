"""How a node and the Kafka brokers prove to each other who they are: TLS 1.3 with certificates on both sides."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from portability.agreements.errors import GatewayError

__all__ = ["KafkaTls"]


@dataclass(frozen=True, slots=True)
class KafkaTls:
    """Files in PEM: the brokers' authority, and this institution's certificate and key.

    deploy/kafka/certificates.py writes such files.
    """

    authority: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Read the files as they are now, so that a renewed certificate is used from the next connection on.

        Raises GatewayError where one of them cannot be read or does not fit the others.
        """
        try:
            context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.authority))
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # ssl.SSLError is one
            raise GatewayError(
                f"The certificates for Kafka cannot be used ({type(error).__name__}): check "
                f"PORTABILITY_KAFKA_AUTHORITY ({self.authority}), "
                f"PORTABILITY_KAFKA_CERTIFICATE ({self.certificate}) and PORTABILITY_KAFKA_KEY ({self.key}).",
                retryable=False,
            ) from error
        return context
