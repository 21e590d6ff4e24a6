"""Open-Meteo's replies, from a stand-in on loopback."""

from __future__ import annotations

import pytest
from lapel.accounts import AccountError
from lapel.accounts.open_meteo import OpenMeteo
from own_servers import free_port, weather_server


async def test_a_place_and_its_forecast() -> None:
    with weather_server() as server:
        service = OpenMeteo(server.url, server.url)
        place = await service.find("Lisbon")
        assert place is not None
        forecast = await service.forecast(place)
        assert await service.find("nowhere at all") is None
    assert (forecast.temperature_c, forecast.code, len(forecast.days)) == (17.6, 2, 7)
    assert (forecast.days[1].high_c, forecast.days[1].rain_percent) == (16.1, 85)
    assert server.asked[1][1]["latitude"] == "38.717"


async def test_faults_have_their_sentences() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(AccountError) as dead:
        await OpenMeteo(url, url).find("Lisbon")
    assert dead.value.sentence("en") == "The weather service cannot be reached."
    with weather_server() as server:
        server.reply = lambda path, query: {"results": [{"name": 3}]}  # type: ignore[method-assign]
        with pytest.raises(AccountError) as odd:
            await OpenMeteo(server.url, server.url).find("Lisbon")
    assert odd.value.fault == "failed"
