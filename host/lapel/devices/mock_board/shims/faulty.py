"""A flash that forgets a bit of each compiled file: what is read back is not what was written."""

import builtins

_open = builtins.open


class _File:
    def __init__(self, file):
        self._file = file

    def write(self, data):
        return self._file.write(data[:-1] + bytes([data[-1] ^ 1]))

    def close(self):
        self._file.close()


def _faulty(path, mode="r"):
    file = _open(path, mode)
    return _File(file) if "w" in mode and path.endswith(".mpy.z") else file


builtins.open = _faulty
