"""The weather, from Open-Meteo (https://open-meteo.com/en/docs) or a server like it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import httpx

from . import AccountError, within

FORECAST_URL = "https://api.open-meteo.com"
PLACES_URL = "https://geocoding-api.open-meteo.com"
_DAYS = 7
_REPLY_BYTES = 256 << 10  # a forecast has about 2 kB


@dataclass(frozen=True)
class Place:
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Day:
    date: dt.date
    code: int  # WMO code table 4677, as Open-Meteo uses it
    high_c: float
    low_c: float
    rain_percent: int | None


@dataclass(frozen=True)
class Forecast:
    temperature_c: float
    code: int
    wind_kmh: float
    days: tuple[Day, ...]


class OpenMeteo:
    """Asks for places and forecasts. Raises AccountError."""

    def __init__(self, forecast_url: str = FORECAST_URL, places_url: str = PLACES_URL) -> None:
        self._forecast_url = forecast_url.rstrip("/")
        self._places_url = places_url.rstrip("/")

    async def find(self, name: str, language: str = "en") -> Place | None:
        """The best known place of this name, None if there is none."""
        reply = await _get(
            f"{self._places_url}/v1/search", {"name": name, "count": "1", "language": language}
        )
        try:
            for found in reply.get("results") or ():
                return Place(str(found["name"]), float(found["latitude"]), float(found["longitude"]))
        except (KeyError, TypeError, ValueError) as error:
            raise AccountError("weather", "failed", f"a place of another shape: {error!r}") from error
        return None

    async def forecast(self, place: Place) -> Forecast:
        reply = await _get(
            f"{self._forecast_url}/v1/forecast",
            {
                "latitude": f"{place.latitude:.3f}",
                "longitude": f"{place.longitude:.3f}",
                "current": "temperature_2m,weather_code,wind_speed_10m",
                "daily": "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max",
                "timezone": "auto",
                "forecast_days": str(_DAYS),
            },
        )
        try:
            now, daily = reply["current"], reply["daily"]
            days = tuple(
                Day(dt.date.fromisoformat(date), int(code), float(high), float(low), rain)
                for date, code, high, low, rain in zip(
                    daily["time"],
                    daily["weather_code"],
                    daily["temperature_2m_max"],
                    daily["temperature_2m_min"],
                    daily["precipitation_probability_max"],
                    strict=True,
                )
            )
            return Forecast(
                float(now["temperature_2m"]), int(now["weather_code"]), float(now["wind_speed_10m"]), days
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AccountError("weather", "failed", f"a forecast of another shape: {error!r}") from error


async def _get(url: str, query: dict[str, str]) -> dict[str, Any]:
    local = httpx.URL(url).host in ("127.0.0.1", "::1", "localhost")
    try:
        async with (
            within("weather"),
            httpx.AsyncClient(trust_env=not local) as client,
            client.stream("GET", url, params=query) as reply,
        ):
            body = b""
            async for block in reply.aiter_bytes():
                body += block
                if len(body) > _REPLY_BYTES:
                    raise AccountError("weather", "failed", "a reply that does not end")
    except httpx.TimeoutException as error:
        raise AccountError("weather", "silent", str(error)) from error
    except httpx.HTTPError as error:
        raise AccountError("weather", "unreachable", str(error)) from error
    if reply.status_code != httpx.codes.OK:
        raise AccountError("weather", "failed", f"HTTP {reply.status_code}")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise AccountError("weather", "failed", "a reply that is not JSON") from error
    if not isinstance(found, dict):
        raise AccountError("weather", "failed", "a reply of another shape")
    return found
