"""The relay keeps the manifests of older packages, so that an update of one file is a small one."""

from pathlib import Path

import lapel.viper  # noqa: F401 - makes the firmware's modules importable
import pytest
from lapel.devices import firmware, manifest_patch, package, signing
from lapel_wire.update import Manifest, apply_patch


def test_older_manifests_are_kept_for_patches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"pin/f{i}.mpy": bytes([i]) * 100 for i in range(60)}
    monkeypatch.setattr(firmware, "app", lambda board: dict(files))
    packages = []
    for i in range(24):
        files["pin/f7.mpy"] = bytes([i]) * 900
        packages.append(package.build(tmp_path, "virtual"))
    last = packages[-1]
    modulus = int(signing.modulus(tmp_path), 16)
    assert Manifest(last.manifest, modulus).id == last.id
    assert [p.version for p in packages] == sorted({p.version for p in packages})
    for old in packages[-5:-1]:
        base = package.base(tmp_path, "virtual", old.name)
        assert base == old.manifest
        patch = manifest_patch.make(base, last.manifest)
        assert apply_patch(base, patch) == last.manifest
        assert len(patch) + 900 <= 2 * 900
    assert package.base(tmp_path, "virtual", packages[0].name) == b"", "kept for ever"
    for stranger in ("safe", "../../../etc/passwd", "", "0.1.0"):
        assert package.base(tmp_path, "virtual", stranger) == b""
    assert package.build(tmp_path, "virtual").manifest == last.manifest
