"""In place of `socket`: a page has websockets only (`page_channel`)."""

SOCK_STREAM = 1


def getaddrinfo(*_):
    raise OSError("a page has no sockets")


def socket(*_):
    raise OSError("a page has no sockets")
