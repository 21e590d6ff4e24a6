"""Units of measurement, and one turned into another.

Factors to the SI are exact by definition (NIST Special Publication 811, appendix B; US customary measures of
volume); spoonfuls and cups are those of US kitchens.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """`value * factor + offset` is the value in the base unit of its `kind`."""

    kind: str
    factor: float
    symbol: str
    offset: float = 0.0


_INCH = 0.0254
_POUND = 0.45359237
_GALLON = 3.785411784  # litres

_TABLE: tuple[tuple[str, float, str, str], ...] = (
    # kind, factor, symbol, and every word for it
    ("length", 0.001, "mm", "mm millimeter millimeters millimetre millimetres 毫米"),
    ("length", 0.01, "cm", "cm centimeter centimeters centimetre centimetres 厘米 公分"),
    ("length", 1.0, "m", "m meter meters metre metres 米 公尺"),
    ("length", 1000.0, "km", "km kilometer kilometers kilometre kilometres 公里 千米"),
    ("length", 500.0, "里", "li 里 华里"),
    ("length", _INCH, "in", "in inch inches 英寸 寸"),
    ("length", 12 * _INCH, "ft", "ft foot feet 英尺"),
    ("length", 36 * _INCH, "yd", "yd yard yards 码"),
    ("length", 63_360 * _INCH, "mi", "mi mile miles 英里"),
    ("length", 1852.0, "nmi", "nautical_mile nautical_miles 海里"),
    ("mass", 1e-6, "mg", "mg milligram milligrams 毫克"),
    ("mass", 0.001, "g", "g gram grams gramme grammes 克"),
    ("mass", 1.0, "kg", "kg kilo kilos kilogram kilograms 公斤 千克"),
    ("mass", 0.5, "斤", "jin 斤 市斤"),
    ("mass", 1000.0, "t", "t ton tons tonne tonnes 吨"),
    ("mass", _POUND, "lb", "lb lbs pound pounds 磅"),
    ("mass", _POUND / 16, "oz", "oz ounce ounces 盎司"),
    ("mass", 14 * _POUND, "st", "stone stones 英石"),
    ("volume", 0.001, "ml", "ml milliliter milliliters millilitre millilitres 毫升"),
    ("volume", 0.01, "cl", "cl centiliter centiliters centilitre centilitres"),
    ("volume", 0.1, "dl", "dl deciliter deciliters decilitre decilitres"),
    ("volume", 1.0, "l", "l liter liters litre litres 升 公升"),
    ("volume", 1000.0, "m³", "m3 cubic_meter cubic_meters cubic_metre cubic_metres 立方米"),
    ("volume", _GALLON, "gal", "gal gallon gallons 加仑"),
    ("volume", _GALLON / 4, "qt", "qt quart quarts 夸脱"),
    ("volume", _GALLON / 8, "pt", "pt pint pints 品脱"),
    ("volume", _GALLON / 16, "cups", "cup cups 杯"),
    ("volume", _GALLON / 128, "fl oz", "fluid_ounce fluid_ounces 液盎司"),
    ("volume", _GALLON / 256, "tbsp", "tbsp tablespoon tablespoons 汤匙"),
    ("volume", _GALLON / 768, "tsp", "tsp teaspoon teaspoons 茶匙"),
    ("speed", 1.0, "m/s", "m/s meters_per_second metres_per_second 米每秒"),
    (
        "speed",
        1 / 3.6,
        "km/h",
        "km/h kmh kph kilometers_per_hour kilometres_per_hour kilometers_an_hour 公里每小时",
    ),
    ("speed", 0.44704, "mph", "mph miles_per_hour miles_an_hour 英里每小时"),
    ("speed", 1852 / 3600, "kn", "kn knot knots 节"),
    ("area", 1.0, "m²", "m2 square_meter square_meters square_metre square_metres 平方米 平米"),
    (
        "area",
        1e6,
        "km²",
        "km2 square_kilometer square_kilometers square_kilometre square_kilometres 平方公里",
    ),
    ("area", 144 * _INCH**2, "ft²", "square_foot square_feet 平方英尺"),
    ("area", 1e4, "ha", "ha hectare hectares 公顷"),
    ("area", 4046.8564224, "acres", "acre acres 英亩"),
    ("area", 10_000 / 15, "亩", "mu 亩"),
    ("time", 1.0, "s", "s second seconds 秒"),
    ("time", 60.0, "min", "min minute minutes 分钟"),
    ("time", 3600.0, "h", "h hour hours 小时"),
    ("time", 86_400.0, "days", "day days 天"),
    ("time", 604_800.0, "weeks", "week weeks 周 星期"),
    ("time", 31_557_600.0, "years", "year years 年"),  # Julian years
    ("energy", 1.0, "J", "joule joules 焦耳"),
    ("energy", 1000.0, "kJ", "kj kilojoule kilojoules 千焦"),
    ("energy", 4184.0, "kcal", "kcal calorie calories kilocalorie kilocalories 卡路里 大卡 千卡"),
    ("energy", 3.6e6, "kWh", "kwh kilowatt_hour kilowatt_hours 千瓦时 度电"),
    ("data", 1e6, "MB", "mb megabyte megabytes 兆字节"),
    ("data", 1e9, "GB", "gb gigabyte gigabytes 吉字节"),
    ("data", 1e12, "TB", "tb terabyte terabytes"),
    ("pressure", 1e5, "bar", "bar bars 巴"),
    ("pressure", 6894.757293168, "psi", "psi"),
)
_TEMPERATURES = {
    "°C": (1.0, 273.15, "c celsius degrees_celsius centigrade 摄氏度 摄氏"),
    "°F": (5 / 9, 273.15 - 32 * 5 / 9, "f fahrenheit degrees_fahrenheit 华氏度 华氏"),
    "K": (1.0, 0.0, "k kelvin kelvins 开尔文"),
}

UNITS: dict[str, Unit] = {
    word.replace("_", " "): Unit(kind, factor, symbol)
    for kind, factor, symbol, words in _TABLE
    for word in words.split()
} | {
    word.replace("_", " "): Unit("temperature", factor, symbol, offset)
    for symbol, (factor, offset, words) in _TEMPERATURES.items()
    for word in words.split()
}


def find_unit(said: str) -> Unit | None:
    """The unit that this word names."""
    word = " ".join(said.lower().replace("°", "").strip(" .?？").split())
    return UNITS.get(word) or UNITS.get(word.removeprefix("degrees ").removeprefix("degree "))


def convert(value: float, source: Unit, target: Unit) -> float | None:
    """The value in the other unit; None if they measure different things."""
    if source.kind != target.kind:
        return None
    return (value * source.factor + source.offset - target.offset) / target.factor
