"""In place of `socket`: a page has websockets only (`page_channel`)."""

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2


def getaddrinfo(*_):
    raise OSError("a page has no sockets")


def socket(*_):
    raise OSError("a page has no sockets")
