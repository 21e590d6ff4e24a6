"""MicroPython's `tls` by CPython's `ssl`: the same names, and a certificate given as bytes."""

import ssl

PROTOCOL_TLS_CLIENT = ssl.PROTOCOL_TLS_CLIENT
CERT_REQUIRED = ssl.CERT_REQUIRED
CERT_NONE = ssl.CERT_NONE


class SSLContext(ssl.SSLContext):
    """TLS 1.2 or later, one pinned certificate, and the name in it checked."""

    def load_verify_locations(self, cadata):
        """Trust this certificate (DER). Raises ValueError if it is none."""
        try:
            super().load_verify_locations(cadata=bytes(cadata))
        except ssl.SSLError as error:
            raise ValueError("expected a certificate: %s" % error) from error
