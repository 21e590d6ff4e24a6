"""Import the firmware's own modules on CPython.

MicroPython compiles a function under a line `@micropython.viper` to machine code; CPython knows neither
the decorator nor the pointer types. Importing this module makes CPython load every `*.py` below `firmware/`
with exactly those lines blanked (so line numbers, tracebacks and coverage stay true) and with the viper
names as identities: `ptr8`, `ptr16` and `ptr32` give back the object they get, which must then already have
items of that width (a bytearray, an `array("H")`, a memoryview cast to `"I"`).
"""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

DECORATOR = b"@micropython.viper"
NAMES = ("ptr", "ptr8", "ptr16", "ptr32", "uint")
PACKAGES = ("lapel_wire", "pin")  # a wheel has lapel_wire beside lapel, not below its copy of the firmware


def source_root() -> Path:
    """The folder of `lapel_wire/` and `pin/`: `firmware/` in a checkout, `_firmware/` in a wheel."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent / "firmware"
    return checkout if checkout.is_dir() else here / "_firmware"


def without_decorator(source: bytes) -> bytes:
    """`source` with each line that is just the viper decorator emptied; no other byte changes."""
    lines = source.split(b"\n")
    return b"\n".join(b"" if line.strip() == DECORATOR else line for line in lines)


def _same(value: Any) -> Any:
    return value


class ViperLoader(SourceFileLoader):
    """Compiles from the text each time: a byte-code cache keyed by the file would mix both readings of it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code = compile(without_decorator(self.get_data(path)), path, "exec", dont_inherit=True)
        assert isinstance(code, CodeType)
        return code

    def exec_module(self, module: ModuleType) -> None:
        for name in NAMES:
            setattr(module, name, _same)
        super().exec_module(module)


class ViperFinder(MetaPathFinder):
    """Answers for `PACKAGES` and for source files below one folder; other modules are found as before."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader) or spec.origin is None:
            return None
        ours = fullname.partition(".")[0] in PACKAGES
        if not ours and not Path(spec.origin).resolve().is_relative_to(self.root):
            return None
        spec.loader = ViperLoader(fullname, spec.origin)
        spec.cached = None
        return spec


def install(root: Path | None = None) -> None:
    """Make modules below `root` (default: the firmware) importable through `ViperLoader`. Idempotent."""
    root = (root or source_root()).resolve()
    if any(isinstance(finder, ViperFinder) and finder.root == root for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, ViperFinder(root))
    if str(root) not in sys.path:
        sys.path.append(str(root))


install()
