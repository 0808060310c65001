# SPDX-License-Identifier: MIT
"""A TLS client that looks like a socket, and whose every record the test decides."""

import ssl
import threading

RECORD = 16384  # bytes of plain text that a record holds


def context(certificate=None, version=None):
    """A client's context: it trusts CERTIFICATE's root (None: anybody) and speaks VERSION ("TLSv1_2") alone."""
    c = ssl.create_default_context(cafile=certificate.root if certificate else None)
    if not certificate:
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if version:
        c.minimum_version = c.maximum_version = ssl.TLSVersion[version]
    return c


class TlsSock:
    """
    SOCK is connected; the handshake is made at once.  One thread may send while another receives.  recv() gives
    b"" after close_notify, and raises ssl.SSLEOFError when the stream ends without one.
    """

    def __init__(self, sock, context, host="localhost", session=None):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host, session=session)
        self.lock, self.sending = threading.RLock(), threading.RLock()
        self._repeat(self.tls.do_handshake)

    def __getattr__(self, name):
        return getattr(self.sock, name)  # settimeout, fileno, close and the like

    def _repeat(self, call):
        """CALL until it needs nothing more of the socket."""
        while True:
            try:
                with self.lock:
                    result = call()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.sock.recv(1 << 18)
                with self.lock:
                    self.incoming.write(data) if data else self.incoming.write_eof()
            except ssl.SSLError:
                self._flush()  # the alert
                raise
            else:
                self._flush()
                return result

    def _flush(self):
        if not self.outgoing.pending:  # a receiver does not wait for a sender
            return
        with self.sending:
            with self.lock:
                data = self.outgoing.read()
            if data:
                self.sock.sendall(data)

    def sendall(self, data):
        data = memoryview(data)
        for i in range(0, len(data), RECORD):
            self.send(data[i : i + RECORD])

    def send(self, data, _flags=0):
        """One record of DATA: the number of bytes taken, once the socket has it."""
        with self.sending:
            with self.lock:
                n = self.tls.write(data[:RECORD])
                sealed = self.outgoing.read()
            self.sock.sendall(sealed)
        return n

    def seal(self, data):
        """The bytes of the record of DATA, for the test to send."""
        with self.lock:
            self.tls.write(data)
            return self.outgoing.read()

    def recv(self, n):
        try:
            return self._repeat(lambda: self.tls.read(n))
        except ssl.SSLZeroReturnError:
            return b""

    def close_notify(self):
        """Tell the end of our side."""
        try:
            with self.lock:
                self.tls.unwrap()
        except ssl.SSLError:
            pass  # the other side's has not come
        self._flush()
