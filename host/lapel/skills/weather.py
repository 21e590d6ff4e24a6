"""The weather at home or elsewhere, from Open-Meteo; off until the owner names a place."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass

from ..accounts import within
from ..accounts.faults import honest
from ..accounts.open_meteo import FORECAST_URL, PLACES_URL, Day, Forecast, OpenMeteo, Place
from ..spoken import say_day, split_when
from . import Context, Reply, SkillError, tool

_FRESH_S = 600.0  # a forecast is made anew every hour
_MOST_PLACES = 20

# WMO code table 4677 as Open-Meteo uses it.
_SKIES: tuple[tuple[tuple[int, ...], str, str], ...] = (
    ((0,), "clear", "晴"),
    ((1,), "mostly clear", "大致晴朗"),
    ((2,), "partly cloudy", "多云"),
    ((3,), "overcast", "阴"),
    ((45, 48), "fog", "雾"),
    ((51, 53, 55, 56, 57), "drizzle", "毛毛雨"),
    ((61, 63, 80, 81), "rain", "雨"),
    ((65, 82), "heavy rain", "大雨"),
    ((66, 67), "freezing rain", "冻雨"),
    ((71, 73, 77, 85), "snow", "雪"),
    ((75, 86), "heavy snow", "大雪"),
    ((95, 96, 99), "thunderstorm", "雷雨"),
)
_WET = {code for codes, english, _ in _SKIES for code in codes if english not in ("fog",) and codes[0] > 48}


@dataclass(frozen=True)
class Settings:
    place: str = ""  # a town; naming one lets Lapel ask Open-Meteo, and nothing is asked before
    fahrenheit: bool = False
    url: str = FORECAST_URL
    places_url: str = PLACES_URL


@tool
async def weather(context: Context, place: str = "", day: dt.date | None = None) -> Reply:
    """Tell the weather: how warm or cold it is, sun and wind, now and on the next days.

    place: a town; home if it is left out
    day: which day, within a week; today if it is left out
    """
    place, day = _split(context, place, day)
    found, forecast = await _forecast(context, place)
    days = {each.date: each for each in forecast.days}
    # The days there are those of its own clock, so the first is its today.
    today = forecast.days[0].date
    wanted = day if day is not None and day != context.now.date() else today
    if wanted not in days:
        raise SkillError(context.say(en="I know the weather of one week only.", zh="只有一周内的天气。"))
    if wanted == today:
        first = f"{_degrees(context, forecast.temperature_c)}, {_sky(context, forecast.code)}."
    else:
        first = f"{_line(context, days[wanted], today)}."
    later = [_line(context, each, today) for each in forecast.days if each.date > wanted][:3]
    details = "; ".join([_line(context, days[wanted], today), *later] if wanted == today else later)
    return Reply(first, details, title=found.name if place else "")


@tool
async def will_it_rain(context: Context, place: str = "", day: dt.date | None = None) -> str:
    """Tell whether it rains or snows on a day.

    place: a town; home if it is left out
    day: which day, within a week; today if it is left out
    """
    place, day = _split(context, place, day)
    _, forecast = await _forecast(context, place)
    today = forecast.days[0].date
    wanted = day if day is not None and day != context.now.date() else today
    for each in forecast.days:
        if each.date == wanted:
            percent = f"{each.rain_percent} %" if each.rain_percent is not None else "?"
            likely = (each.rain_percent or 0) >= 50 or (each.rain_percent is None and each.code in _WET)
            sky = _sky(context, each.code)
            if likely:
                return context.say(en=f"Yes: {sky}, {percent} likely.", zh=f"会：{sky}，可能性{percent}。")
            return context.say(en=f"No: {sky}, {percent} chance.", zh=f"不会：{sky}，可能性{percent}。")
    raise SkillError(context.say(en="I know the weather of one week only.", zh="只有一周内的天气。"))


async def start(context: Context) -> None:
    context.state.forecasts = {}


def _split(context: Context, place: str, day: dt.date | None) -> tuple[str, dt.date | None]:
    """A day that was said with the place: "Lisbon tomorrow", 明天东京."""
    if not place or day is not None:
        return place, day
    place, when = split_when(place, context.now)
    place = re.sub("^in |的$|^在", "", place.strip())
    return place, when.at.date() if when is not None and when.has_day else None


async def _forecast(context: Context, name: str) -> tuple[Place, Forecast]:
    settings: Settings = context.settings
    if not settings.place:
        raise SkillError(
            context.say(
                en="Weather is off. Set [skills.weather] place in config.toml.",
                zh="天气没有打开。请在config.toml里设置[skills.weather] place。",
            )
        )
    name = name or settings.place
    kept: dict[str, tuple[float, Place, Forecast]] = context.state.forecasts
    key = name.casefold()
    if key in kept and time.monotonic() - kept[key][0] < _FRESH_S:
        return kept[key][1:]
    service = OpenMeteo(settings.url, settings.places_url)
    with honest(context.language):
        async with within("weather"):  # both answers together
            place = await service.find(name, context.language)
            forecast = await service.forecast(place) if place is not None else None
    if place is None or forecast is None:
        raise SkillError(context.say(en=f"I know no place {name}.", zh=f"没有找到{name}。"))
    if len(kept) >= _MOST_PLACES:
        kept.clear()
    kept[key] = (time.monotonic(), place, forecast)
    return place, forecast


def _line(context: Context, day: Day, today: dt.date) -> str:
    """`Tomorrow 11 to 16 °C, rain`"""
    said = say_day(day.date, today, context.language)
    low, high = _degrees(context, day.low_c, unit=False), _degrees(context, day.high_c)
    between = context.say(en=" to ", zh="到")
    return f"{said[:1].upper()}{said[1:]} {low}{between}{high}, {_sky(context, day.code)}"


def _degrees(context: Context, celsius: float, unit: bool = True) -> str:
    fahrenheit = context.settings.fahrenheit
    value = round(celsius * 9 / 5 + 32 if fahrenheit else celsius)
    return f"{value} °{'F' if fahrenheit else 'C'}" if unit else f"{value}"


def _sky(context: Context, code: int) -> str:
    for codes, english, chinese in _SKIES:
        if code in codes:
            return context.say(en=english, zh=chinese)
    return context.say(en="unsettled", zh="天气多变")
