"""The loader that lets CPython run the firmware's viper functions."""

import sys
import textwrap
import traceback
from array import array
from pathlib import Path

import pytest
from lapel import viper

SOURCE = """\
# @micropython.viper in a comment stays


@micropython.viper
def total(data, count: int) -> int:
    p = ptr16(data)
    found = 0
    for i in range(count):
        found += p[i]
    return found


class Nest:
    @micropython.viper
    def fail(self):
        text = "@micropython.viper"
        raise KeyError(text)
"""


@pytest.fixture
def firmware(tmp_path: Path):
    viper.install(tmp_path)
    yield tmp_path
    sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "root", None) != tmp_path.resolve()]
    sys.path.remove(str(tmp_path.resolve()))
    for name in ("viper_sample", "viper_sample_package", "viper_sample_package.inner"):
        sys.modules.pop(name, None)


def test_functions_run_and_lines_stay(firmware: Path) -> None:
    (firmware / "viper_sample.py").write_text(SOURCE)
    import viper_sample

    assert viper_sample.total(array("H", [1, 2, 65535]), 3) == 65538
    with pytest.raises(KeyError, match=r"@micropython\.viper") as caught:  # strings are left alone
        viper_sample.Nest().fail()
    line = traceback.extract_tb(caught.value.__traceback__)[-1].lineno
    assert line == SOURCE.split("\n").index("        raise KeyError(text)") + 1


def test_packages_are_loaded_alike(firmware: Path) -> None:
    package = firmware / "viper_sample_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text(SOURCE)
    from viper_sample_package import inner

    assert inner.total(array("H", [5]), 1) == 5


def test_other_decorators_stay() -> None:
    source = b"@micropython.native\n@micropython.viper  # why\n  @micropython.viper  \n@micropython.viper\r\n"
    assert viper.without_decorator(source) == b"@micropython.native\n@micropython.viper  # why\n\n\n"


def test_modules_elsewhere_are_not_touched(firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "viper_elsewhere.py").write_text(textwrap.dedent("value = 'ptr8' in globals()\n"))
    sys.path.insert(0, str(other))
    try:
        import viper_elsewhere

        assert viper_elsewhere.value is False
    finally:
        sys.path.remove(str(other))
        sys.modules.pop("viper_elsewhere", None)


def test_install_twice_is_install_once(firmware: Path) -> None:
    before = list(sys.meta_path)
    viper.install(firmware)
    assert sys.meta_path == before
