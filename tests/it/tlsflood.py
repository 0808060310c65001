# SPDX-License-Identifier: MIT
"""A TLS client that asks for new keys as often as it likes, or for a new handshake, which Python's ssl cannot: OpenSSL by ctypes."""

import ctypes
import ctypes.util

SIZE = 65536
MAX_VERSION, TLS_1_2 = 124, 0x0303  # of ssl.h


def _library():
    lib = ctypes.CDLL(ctypes.util.find_library("ssl"), use_errno=True)
    for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new", "BIO_s_mem", "BIO_new"):
        getattr(lib, name).restype = ctypes.c_void_p
    return lib


class KeyUpdater:
    """SOCK is connected; the handshake of TLS 1.3 is made at once, or of 1.2 if that is the VERSION."""

    def __init__(self, sock, version=0):
        self.sock, self.lib = sock, _library()
        p = ctypes.c_void_p
        self.context = p(self.lib.SSL_CTX_new(p(self.lib.TLS_client_method())))
        assert self.lib.SSL_CTX_ctrl(self.context, MAX_VERSION, ctypes.c_long(version), None) == 1
        self.ssl = p(self.lib.SSL_new(self.context))
        self.incoming, self.outgoing = (p(self.lib.BIO_new(p(self.lib.BIO_s_mem()))) for _ in range(2))
        self.lib.SSL_set_bio(self.ssl, self.incoming, self.outgoing)
        self.buffer = ctypes.create_string_buffer(SIZE)
        while self.lib.SSL_connect(self.ssl) != 1:
            self.sock.sendall(self.sealed())
            self._receive()
        self.sock.sendall(self.sealed())

    def close(self):
        self.lib.SSL_free(self.ssl)
        self.lib.SSL_CTX_free(self.context)

    def _receive(self):
        data = self.sock.recv(SIZE)
        assert data, "the other side has gone"
        self.lib.BIO_write(self.incoming, data, len(data))

    def sealed(self):
        """What OpenSSL has for the socket."""
        data = b""
        while (n := self.lib.BIO_read(self.outgoing, self.buffer, SIZE)) > 0:
            data += self.buffer.raw[:n]
        return data

    def write(self, data):
        assert self.lib.SSL_write(self.ssl, data, len(data)) == len(data)

    def update_keys(self, answered=False):
        """Tell of a new key of ours; ANSWERED: the other side is to renew its own."""
        assert self.lib.SSL_key_update(self.ssl, int(answered)) == 1
        assert self.lib.SSL_do_handshake(self.ssl) == 1

    def renegotiate(self):
        """Begin a handshake inside the first one's connection."""
        assert self.lib.SSL_renegotiate(self.ssl) == 1
        assert self.lib.SSL_do_handshake(self.ssl) < 1

    def recv(self):
        """What the other side says next."""
        while (n := self.lib.SSL_read(self.ssl, self.buffer, SIZE)) <= 0:
            self._receive()
        return self.buffer.raw[:n]
