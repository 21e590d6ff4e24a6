"""The time and the date, at home and around the world."""

from __future__ import annotations

import datetime
import functools
import zoneinfo
from dataclasses import dataclass

from . import Context, Reply, tool

# Not strftime's names: those follow the server's locale, not the language of the question.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS_ZH = "一二三四五六日"
# Places whose zone has another city's name.
_ELSEWHERE = {
    "Asia/Shanghai": "china beijing shenzhen guangzhou 中国 北京 上海 深圳 广州",
    "Asia/Tokyo": "japan osaka kyoto 日本 东京 大阪",
    "Asia/Seoul": "korea south_korea 韩国 首尔",
    "Asia/Hong_Kong": "香港",
    "Asia/Taipei": "taiwan 台湾 台北",
    "Asia/Singapore": "新加坡",
    "Asia/Kolkata": "india delhi new_delhi mumbai bangalore bombay 印度 新德里 孟买",
    "Asia/Dubai": "abu_dhabi 迪拜",
    "Asia/Bangkok": "thailand 泰国 曼谷",
    "Asia/Ho_Chi_Minh": "vietnam hanoi 越南 河内",
    "Asia/Jerusalem": "israel tel_aviv",
    "Australia/Sydney": "canberra australia 悉尼 澳大利亚",
    "Australia/Melbourne": "墨尔本",
    "Pacific/Auckland": "new_zealand wellington 新西兰 奥克兰",
    "Europe/London": "england britain the_uk uk united_kingdom scotland edinburgh 英国 伦敦",
    "Europe/Paris": "france lyon 法国 巴黎",
    "Europe/Berlin": "germany munich hamburg frankfurt cologne 德国 柏林 慕尼黑",
    "Europe/Madrid": "spain barcelona 西班牙 马德里",
    "Europe/Rome": "italy milan 意大利 罗马",
    "Europe/Zurich": "switzerland geneva 瑞士 苏黎世",
    "Europe/Amsterdam": "netherlands the_netherlands 荷兰",
    "Europe/Lisbon": "portugal porto 葡萄牙 里斯本",
    "Europe/Moscow": "russia 俄罗斯 莫斯科",
    "Europe/Istanbul": "turkey ankara 土耳其",
    "Africa/Cairo": "egypt 埃及 开罗",
    "Africa/Johannesburg": "south_africa cape_town 南非",
    "America/New_York": "boston washington miami atlanta philadelphia 纽约 华盛顿 波士顿",
    "America/Chicago": "houston dallas austin 芝加哥",
    "America/Denver": "丹佛",
    "America/Los_Angeles": "california san_francisco seattle san_diego las_vegas 洛杉矶 旧金山 西雅图",
    "America/Toronto": "ottawa montreal 多伦多",
    "America/Vancouver": "温哥华",
    "America/Sao_Paulo": "rio rio_de_janeiro brazil 圣保罗 巴西",
    "America/Mexico_City": "mexico 墨西哥",
    "America/Argentina/Buenos_Aires": "argentina",
    "Pacific/Honolulu": "hawaii 夏威夷",
    "UTC": "utc gmt greenwich",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A city or country whose time is known."""

    name: str

    expected = "a city or country"

    @classmethod
    def from_words(cls, text: str, now: datetime.datetime) -> Place | None:
        return cls(text) if zone_of(text) else None


@tool
async def current_time(context: Context, place: Place | None = None) -> Reply:
    """Tell what time it is, here or somewhere else in the world.

    place: a city or country; left out for here
    """
    now = context.now
    zone = zone_of(place.name) if place is not None else None
    if place is None or zone is None:
        return Reply(clock_text(now, context.language), big=clock_text(now, context.language))
    there = now.astimezone(zone)
    text = clock_text(there, context.language)
    days = (there.date() - now.date()).days
    if days:
        text += context.say(
            en=" tomorrow" if days > 0 else " yesterday", zh="（明天）" if days > 0 else "（昨天）"
        )
    return Reply(text, title=place.name.title())


@tool
async def current_date(context: Context) -> str:
    """Tell the day of the week and the date of today."""
    return date_text(context.now, context.language)


def clock_text(now: datetime.datetime, language: str) -> str:
    """The time of day, as 24 hours or a.m. and p.m. by the language's habit."""
    if language == "zh":
        return f"{now:%H:%M}"
    return f"{now.hour % 12 or 12}:{now:%M} {'AM' if now.hour < 12 else 'PM'}"


def date_text(now: datetime.datetime, language: str) -> str:
    """The day of the week and the date."""
    if language == "zh":
        return f"{now.month}月{now.day}日 星期{_DAYS_ZH[now.weekday()]}"
    return f"{_DAYS[now.weekday()]}, {_MONTHS[now.month - 1]} {now.day}"


def zone_of(place: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of a city or country, in English or Chinese."""
    key = place.strip().casefold().removeprefix("the ").replace(" ", "_")
    name = _zones().get(key)
    return zoneinfo.ZoneInfo(name) if name else None


@functools.cache
def _zones() -> dict[str, str]:
    found = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(zoneinfo.available_timezones())}
    for zone, places in _ELSEWHERE.items():
        found |= {place.removeprefix("the_"): zone for place in places.split()}
        found[zone.rpartition("/")[2].casefold()] = zone
    return found
