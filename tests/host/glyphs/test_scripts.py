"""Glyphs that the relay has and the pin lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from lapel.glyphs import build_scripts, scripts
from lapel_wire import glyphs

FOLDER = Path(scripts.__file__).parent
SOURCES = Path(__file__).parents[3] / "build" / "glyphs"

RUSSIAN = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
UKRAINIAN_AND_SERBIAN = "ҐЄІЇґєіїЂЈЉЊЋЏђјљњћџЎў"
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωΆΈΉΊΌΎΏάέήίόύώϊϋΐΰ"
EUROPEAN = "ĄąĆćČčĎďĐđĘęĚěĞğİĹĺŁłŃńŇňŐőŘřŚśŞşŠšŤťŮůŰűŹźŻżŽžŒœȘșȚțẞ"[:-1]
VIETNAMESE = "ĂăÂâĐđÊêÔôƠơƯưẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻẼẽẾếỀềỈỉỊịỌọỎỏỐốỒồỚớỜờỤụỦủỨứỪừỲỳỴỵỶỷỸỹ"
KANA = "".join(chr(c) for c in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)))
CHINESE = "你好世界今天气很我爱北京明下午三点謝您的幫助龍鬱０９ＡＺａｚ，。！？：；（）「」《》、…"
JAPANESE = "働気図駅円辺労県々ー〜・"


@pytest.mark.parametrize(
    "text", [RUSSIAN, UKRAINIAN_AND_SERBIAN, GREEK, EUROPEAN, VIETNAMESE, KANA, CHINESE, JAPANESE]
)
def test_every_letter_of_a_script_is_known(text: str) -> None:
    lacking = [c for c in scripts.missing(text) if scripts.lookup(c) is None]
    assert not lacking


def test_every_glyph_is_well_formed() -> None:
    for source in scripts.SOURCES:
        font = (FOLDER / f"{source}.bin").read_bytes()
        glyphs.check_font(font)
        for k in range(int.from_bytes(font[4:6], "little")):
            at = glyphs.HEADER_BYTES + glyphs.ENTRY_BYTES * k
            code = int.from_bytes(font[at : at + 3], "little")
            glyph = scripts.lookup(chr(code))
            assert glyph is not None
            advance, strokes = glyphs.unpack(glyph)
            assert advance > 0
            assert all(len(stroke) == 1 or len(set(stroke)) > 1 for stroke in strokes), hex(code)
            assert strokes or chr(code).isspace(), hex(code)


def test_what_the_pin_has_or_nobody_has() -> None:
    assert scripts.missing("Hello 10:42 \u20ac \u2713") == []
    assert scripts.missing("你好你") == ["你", "好"]
    assert scripts.lookup("\U0001f916") is None
    assert scripts.needed(["你\U0001f916", "A你"]) == [(ord("你"), scripts.lookup("你"))]


def test_what_has_no_shape_is_an_empty_glyph() -> None:
    for character in ("\ufe0f", "\u0301", "\u200d"):
        assert glyphs.unpack(scripts.lookup(character)) == (0, [])


def test_small_letters_and_accents_keep_their_places() -> None:
    def top(character: str) -> int:
        _, strokes = glyphs.unpack(scripts.lookup(character))
        return max(y for stroke in strokes for _, y in stroke)

    assert top("Ш") == glyphs.CAP_UNITS and top("ш") == glyphs.CAP_UNITS * 2 // 3
    assert top("Й") > top("И") and top("й") > top("и") and top("ё") > top("е")
    assert top("Ấ") > top("Ạ")


def test_the_files_are_the_ones_that_are_built() -> None:
    assert (FOLDER / "cyrillic.bin").read_bytes() == glyphs.pack_font(build_scripts.cyrillic_letters())
    assert (FOLDER / "greek.bin").read_bytes() == glyphs.pack_font(build_scripts.greek())
    assert (FOLDER / "latin.bin").read_bytes() == glyphs.pack_font(build_scripts.latin())
    assert (FOLDER / "HERSHEY-LICENSE.txt").read_text("utf-8") == build_scripts.HERSHEY_NOTICE
    for name in ("HANZI-LICENSE.txt", "KANJIVG-LICENSE.txt"):
        assert (FOLDER / name).stat().st_size > 400


def test_the_files_of_other_people_are_the_ones_that_are_built() -> None:
    if not (SOURCES / "hanzi-writer-data").is_dir():
        pytest.skip("needs the sources that `make glyphs` fetches")
    for name, content in build_scripts.built(SOURCES):
        assert (FOLDER / name).read_bytes() == content, name


def test_svg_paths_are_followed() -> None:
    assert build_scripts.follow("M0,0L10,0") == [(0.0, 0.0), (10.0, 0.0)]
    curve = build_scripts.follow("M10,10c0,5,5,10,10,10s10-5,10-10")
    assert curve[0] == (10.0, 10.0) and curve[-1] == (30.0, 10.0) and max(y for _, y in curve) <= 20.0
    with pytest.raises(ValueError, match="expected M, L, C or S"):
        build_scripts.follow("M0,0A1,1,0,0,0,2,2")
