"""What a pin that was flashed holds in memory while nobody uses it."""

import pytest
from lapel.bench import firmware

# 258 kB are 30 s of speech, 164 the microphone's reserve for a TLS handshake, 127 the light; most of the rest
# is code.
APP_KB, ALL_KB = 1000, 1100


async def test_the_heap_at_idle_grows_only_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "_STARTS", 1)
    figures = {figure.name: figure.value for figure in await firmware.starts()}
    assert 100 < figures["firmware: heap at idle"] <= APP_KB
    assert figures["firmware: heap at idle, stand-ins too"] <= ALL_KB
    assert figures["firmware: power to idle, a relay at hand"] > 0
