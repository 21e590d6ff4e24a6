"""Every generated table and picture is what the code makes now, and every reference leads somewhere."""

import argparse
import re
from pathlib import Path

import pytest
from lapel.hardware import __main__ as generate
from lapel.hardware import bench, bom, pages, steps
from lapel.hardware.tables import HardwareError, folder

ROOT = folder()
PAGES = pages.pages(ROOT)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`]+)`")
REF = re.compile(r"(?<![-.\w])((?:SC|ND|PD|LD|LS|MO|BT|DS|PS|[URCQDSMLHW])\d{1,2})\b")


def test_nothing_is_stale() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generate.written(ROOT).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run make hardware"


def test_making_it_twice_gives_the_same() -> None:
    assert generate.drawings() == generate.drawings()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).resolve().is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_parts_and_files_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = {line.ref for line in bom.load()}
    # Pads D0 to D10 are the board's own names; D1 and D2 are parts, too.
    pads = {f"D{n}" for n in range(11)}
    others = {"C6", "Q14"}  # a factor of IEC 60825-1, an output of the counter
    for ref in REF.findall(text):
        assert ref in lines | pads | others, ref
    for code in CODE.findall(text):
        if re.fullmatch(r"[\w./-]+\.(py|csv|md|net)", code) and "/" in code:
            found = [(base / code).is_file() for base in (ROOT.parent, ROOT, page.parent)]
            assert any(found), code


def test_every_picture_is_used_and_every_used_one_is_made() -> None:
    used = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if target.endswith((".svg", ".png"))
    }
    there = {path.resolve() for end in ("svg", "png") for path in ROOT.rglob(f"*.{end}")}
    assert used == there
    made = {(ROOT / name).resolve() for name in generate.drawings()}
    by_cad = {path for path in there if path.parent.name == "enclosure" and path.suffix == ".png"}
    assert {path for path in there if path not in by_cad} <= made


def test_commands_that_are_named_exist() -> None:
    from lapel.cli import _COMMANDS, _module

    makefile = (ROOT.parent / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for code in CODE.findall(page.read_text(encoding="utf-8")):
            words = code.split()
            if words[0] == "make":
                assert f"\n{words[1]}:" in makefile, code
            if words[0] != "lapel" or len(words) < 2:
                continue
            assert words[1] in _COMMANDS, code
            parser = argparse.ArgumentParser()
            _module(words[1]).add_arguments(parser)
            for option in re.findall(r"--[a-z-]+", code):
                assert option in parser.format_help(), code


def test_bench_tests_that_are_named_exist() -> None:
    known = {test.name for test in bench.TESTS}
    assert {name for step in steps.STEPS for name in step.tests} <= known
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for words in re.findall(r"bench-test((?: [a-z]+)+)`", text):
            assert set(words.split()) <= known, words


def test_the_makefile_calls_the_folder_phony() -> None:
    """There is a folder of the same name: without .PHONY make would do nothing."""
    phony = next(
        line for line in (ROOT.parent / "Makefile").read_text().splitlines() if line.startswith(".PHONY")
    )
    assert {"hardware", "enclosure"} <= set(phony.split())


def test_a_block_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(HardwareError):
        pages.renew("<!-- made: nothing -->\nx\n<!-- end -->", "page")
    text = "a\n<!-- made: day -->\nold\n<!-- end -->\nb"
    new = pages.renew(text, "page")
    assert "old" not in new and new.startswith("a\n") and new.endswith("\nb")
    assert pages.renew(new, "page") == new


def test_the_safety_page_repeats_every_promise_of_the_hardware() -> None:
    """docs/laser-safety.md says what the circuit must keep; SAFETY.md says how each is measured."""
    document = (ROOT.parent / "docs" / "laser-safety.md").read_text(encoding="utf-8")
    table = document.split("## What the hardware promises alone")[1].split("##")[0]
    promises = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    safety = (ROOT / "SAFETY.md").read_text(encoding="utf-8").lower()
    words = {
        "at most 1 mW": "at most 1 mw", "LASER_ARM": "without laser_arm", "sample stream": "samples stop",
        "mirrors stop": "mirror stops", "bad supply": "bad supply", "shutter": "shutter closed",
        "at most 30 s": "at most 30 s", "chip starts": "chip starts", "light is seen": "light is seen",
        "too much light": "too much light",
    }  # fmt: skip
    for promise in promises:
        found = [word for start, word in words.items() if start in promise]
        assert found and found[0] in safety, promise
