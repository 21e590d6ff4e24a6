"""Files of a slot on the real MicroPython: what the host deflates is what the importer reads."""

import hashlib
import subprocess
from pathlib import Path

from lapel.devices import boards, firmware
from lapel.virtual.interpreter import find_interpreter

READ = """
import hashlib, os, packed, sys
packed.enter("other")
at = packed.enter("a")
for line in sys.stdin:
    path = at + "/" + line.strip()
    assert os.stat(path)[0] & 0xF000 == 0x8000, path
    with open(path, "rb") as file:
        print(line.strip(), hashlib.sha256(file.read()).digest().hex())
assert os.stat(at + "/pin")[0] & 0xF000 == 0x4000
for path in ("/pin/none.mpy", "/none", "/pin/app.py"):
    for look in (os.stat, open):
        try:
            look(at + path)
        except OSError:
            continue
        raise AssertionError(path)
packed.leave()
packed.leave()
try:
    os.stat(at + "/pin")
except OSError:
    print("left")
"""


def test_every_file_of_the_app_is_read_as_it_was(tmp_path: Path) -> None:
    files = firmware.app(boards.MOCK) | {"pin/plain.py": b"V = 1\n", "pin/plain.bin": bytes(range(256))}
    for path, data in files.items():
        (tmp_path / "a" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / path).write_bytes(data)
    (tmp_path / "packed.py").write_bytes(firmware.root()["packed.py"])
    expected = {
        path.removesuffix(".z"): hashlib.sha256(
            firmware.inflated(data) if path.endswith(".z") else data
        ).hexdigest()
        for path, data in files.items()
    }
    done = subprocess.run(
        [find_interpreter(), "-c", READ],
        cwd=tmp_path,
        env={"MICROPYPATH": f".frozen:{tmp_path}"},
        input="".join(f"{path}\n" for path in expected),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    *lines, last = done.stdout.splitlines()
    assert last == "left" and dict(line.split() for line in lines) == expected
    assert len(expected) > 60
