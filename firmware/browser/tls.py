"""In place of `tls`: on a page the browser itself speaks it, to the server that the page came from."""

CERT_REQUIRED = 2
PROTOCOL_TLS_CLIENT = 0


class SSLContext:
    """Made and never used: `page_channel` does not look at it."""

    def __init__(self, protocol):
        self.verify_mode = CERT_REQUIRED

    def load_verify_locations(self, certificate):
        pass
