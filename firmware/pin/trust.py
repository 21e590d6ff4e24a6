"""Whom the pin believes: the one certificate of its settings, whatever address it connects to."""

import tls


def pinned(certificate):
    """A TLS context that trusts this certificate (DER) and no other. Raises ValueError if it is none.

    CERT_REQUIRED and nothing less: with CERT_OPTIONAL mbedTLS shakes hands with any impostor. The
    certificate is valid from 1999 to 2049, so a board whose clock begins in the year 2000 connects.
    """
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(certificate)
    return context
