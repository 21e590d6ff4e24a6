"""The opening handshake of the pin's websocket client."""

from pin.handshake import RESPONSE_BYTES, HandshakeError, Upgrade

ON_MICROPYTHON = True


def upgrade(key=b"the sample nonce", **kwargs):
    """An Upgrade whose nonce is the one of the example in RFC 6455 section 1.3."""
    import pin.handshake

    class SampleRandom:
        @staticmethod
        def urandom(count):
            assert count == len(key)
            return key

    kept, pin.handshake.os = pin.handshake.os, SampleRandom
    try:
        return Upgrade("example.com:8443", **kwargs)
    finally:
        pin.handshake.os = kept


def answer(
    status="HTTP/1.1 101 Switching Protocols",
    upgrade="Upgrade: websocket",
    connection="Connection: Upgrade",
    accept="Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    extra="",
):
    lines = [line for line in (status, upgrade, connection, accept) if line]
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode()


def refusal(data, **kwargs):
    try:
        upgrade(**kwargs).feed(data, 0, len(data))
    except HandshakeError as error:
        return str(error)
    raise AssertionError(f"accepted {data!r}")


def test_request():
    lines = upgrade(path="/pin", subprotocol="lapel.1").request.decode().split("\r\n")
    assert lines[0] == "GET /pin HTTP/1.1"
    assert lines[-2:] == ["", ""]
    assert sorted(lines[1:-2]) == [
        "Connection: Upgrade",
        "Host: example.com:8443",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: lapel.1",
        "Sec-WebSocket-Version: 13",
        "Upgrade: websocket",
    ]
    assert b"Protocol" not in upgrade().request


def test_each_request_has_its_own_key():
    assert len({Upgrade("h").request for _ in range(20)}) == 20


def test_the_rfcs_own_answer_in_pieces_and_with_a_frame_behind():
    data = answer()
    for step in (1, 7, len(data)):
        shake = upgrade()
        for at in range(0, len(data), step):
            assert not shake.done
            shake.feed(data, at, min(len(data), at + step))
        assert shake.done
    shake = upgrade()
    assert shake.feed(data + b"\x81\x00", 0, len(data) + 2) == len(data)


def test_header_names_and_tokens_in_any_case():
    shake = upgrade()
    data = answer(upgrade="UPGRADE:WebSocket", connection="connection: keep-alive, UPGRADE")
    shake.feed(data, 0, len(data))
    assert shake.done


def test_two_connection_headers_are_one_list():
    shake = upgrade()
    data = answer(connection="Connection: keep-alive\r\nConnection: upgrade")
    shake.feed(data, 0, len(data))
    assert shake.done


def test_the_offered_subprotocol():
    shake = upgrade(subprotocol="lapel.1")
    data = answer(extra="Sec-WebSocket-Protocol: lapel.1\r\n")
    shake.feed(data, 0, len(data))
    assert shake.done
    assert "subprotocol" in refusal(data)
    assert "subprotocol" in refusal(answer(extra="Sec-WebSocket-Protocol: x\r\n"), subprotocol="lapel.1")


def test_what_is_refused():
    assert "101" in refusal(answer(status="HTTP/1.1 200 OK"))
    assert "101" in refusal(answer(status="HTTP/1.0 101 Switching"))
    assert "101" in refusal(b"SSH-2.0-x\r\n\r\n")
    assert "101" in refusal(answer(status="HTTP/1.1 1010 x"))
    assert "Upgrade: websocket" in refusal(answer(upgrade=""))
    assert "Upgrade: websocket" in refusal(answer(upgrade="Upgrade: h2c"))
    assert "Connection" in refusal(answer(connection=""))
    assert "Connection" in refusal(answer(connection="Connection: upgraded"))
    assert "Accept" in refusal(answer(accept=""))
    assert "Accept" in refusal(answer(accept="Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO="))
    assert "extension" in refusal(answer(extra="Sec-WebSocket-Extensions: permessage-deflate\r\n"))
    assert "malformed" in refusal(answer(extra="no colon\r\n"))
    twice = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    assert "repeated" in refusal(answer(extra=twice))


def test_an_endless_answer_is_cut_off():
    endless = answer()[:-2] + b"X: " + b"x" * 10000
    assert str(RESPONSE_BYTES) in refusal(endless)
    longest = answer(extra="X: " + "x" * (RESPONSE_BYTES - len(answer()) - 5) + "\r\n")
    assert len(longest) == RESPONSE_BYTES
    shake = upgrade()
    shake.feed(longest, 0, len(longest))
    assert shake.done


def test_nothing_breaks_out_of_the_request():
    for kwargs in ({"path": "/a b"}, {"path": "/\r\nX: y"}, {"subprotocol": "a\r\nb"}, {"path": "/ä"}):
        try:
            upgrade(**kwargs)
        except ValueError:
            continue
        raise AssertionError(kwargs)
