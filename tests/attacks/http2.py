"""Just enough HTTP/2 (RFC 9113) and HPACK (RFC 7541) by hand to send what no honest client would."""

import socket
import ssl
import struct
from dataclasses import dataclass

from portability.app.rpc.credentials import CallerFiles

__all__ = ["DATA", "END_HEADERS", "END_STREAM", "GOAWAY", "HEADERS", "RST_STREAM", "Wire", "frame", "grpc_headers"]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame (RFC 9113 section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def grpc_headers(path: str, **more: str) -> bytes:
    """A gRPC request's headers as HPACK literals without indexing (RFC 7541 section 6.2.2)."""
    fields = {
        ":method": "POST",
        ":scheme": "https",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields.items())


def _string(text: str) -> bytes:
    data = text.encode()
    length = len(data)
    if length < 127:
        return bytes([length]) + data
    rest, prefix = length - 127, bytearray([127])
    while rest >= 128:
        prefix.append(rest % 128 + 128)
        rest //= 128
    return bytes([*prefix, rest]) + data


@dataclass
class Wire:
    """A TLS connection that speaks HTTP/2 as it is told to."""

    socket: ssl.SSLSocket

    @classmethod
    def open(cls, port: int, files: CallerFiles, *, seconds: float = 10.0) -> "Wire":
        context = ssl.create_default_context(cafile=str(files.authority))
        context.load_cert_chain(files.certificate, files.key)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("localhost", port), timeout=seconds)
        wire = cls(context.wrap_socket(plain, server_hostname="localhost"))
        wire.send(PREFACE + frame(SETTINGS, 0, 0))
        return wire

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until_closed_or(self, *kinds: int) -> tuple[int, bytes] | None:
        """The first frame of one of these kinds, answering settings on the way; None where the connection ended."""
        buffer = b""
        while True:
            while len(buffer) >= 9 and len(buffer) >= 9 + (length := int.from_bytes(buffer[:3], "big")):
                kind, flags, payload = buffer[3], buffer[4], buffer[9 : 9 + length]
                buffer = buffer[9 + length :]
                if kind == SETTINGS and not flags & ACK:
                    self.send(frame(SETTINGS, ACK, 0))
                if kind in kinds:
                    return kind, payload
            try:
                received = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not received:
                return None
            buffer += received

    def close(self) -> None:
        self.socket.close()
