"""In place of `tls`: on a page the browser itself speaks it, to the server that the page came from."""

CERT_REQUIRED = 2
PROTOCOL_TLS_CLIENT = 0


class SSLContext:
    def __init__(self, protocol):
        raise ValueError("a page has no TLS of its own")
