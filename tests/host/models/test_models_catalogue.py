"""The catalogue as it is shipped, and what is read of pip and of indexes."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from lapel import models
from lapel.models import ModelError, index
from lapel.models.catalogue import parse


def test_every_entry_can_be_fetched_and_checked() -> None:
    assert list(models.catalogue()) == ["qwen", "whisper-base", "minilm", "smollm2", "joe"]
    for model in models.catalogue().values():
        assert model.title and model.purpose and model.licence
        assert model.entry in ("", *(file.name for file in model.files))
        assert model.package is not None
        for file in model.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert Path(file.name).name == file.name
            assert file.url == "" or file.url.startswith("https://")
            steps = -(-file.size_bytes // model.package.part_bytes)
            assert steps == model.package.count if file.is_cut else file.member


def test_the_default_model_is_the_one_named_in_the_notes() -> None:
    assert models.find("qwen").size_bytes == 1_117_320_768
    assert models.find("qwen").files[0].sha256.startswith("cc324af0")


def test_an_unknown_model_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ModelError, match="there are: qwen"):
        models.path("qwne")


def test_a_damaged_catalogue() -> None:
    with pytest.raises(ModelError, match="damaged"):
        parse({"model": [{"name": "x"}]})


def test_cache_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAPEL_MODELS", str(tmp_path))
    assert models.path("whisper-base") == tmp_path / "whisper-base"
    assert models.path("joe") == tmp_path / "joe" / "en_US-joe-medium.onnx"
    assert models.missing_bytes(["qwen"]) == 1_117_320_768
    (tmp_path / "qwen").mkdir()
    (tmp_path / "qwen" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf.part").write_bytes(b"x" * 768)
    assert models.missing_bytes(["qwen"]) == 1_117_320_000
    monkeypatch.delenv("LAPEL_MODELS")
    assert models.models_dir().parts[-2:] == ("lapel", "models")


def test_pip_settings_are_read() -> None:
    text = (
        "global.index-url='https://mirror.example/simple/'\n"
        "global.extra-index-url='\\nhttps://a.example/simple\\nfile:///opt/wheels'\n"
        ":env:.index-url='https://env.example/simple'\n"
        "garbage\n"
    )
    found = index.parse_pip_config(text)
    assert found["index-url"] == "https://env.example/simple"
    assert found["extra-index-url"].split() == ["https://a.example/simple", "file:///opt/wheels"]


async def test_indexes_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple/")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///opt/pypi https://b.example/simple")
    found = await index.settings()
    assert found.urls == ("https://mirror.example/simple", "https://b.example/simple")


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b'{"files": [{"url": 1}]}', b'{"files": 3}', b'{"files": []}']
)
async def test_an_index_that_sends_nonsense(body: bytes) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(LookupError):
            await index.find_wheel(client, "https://index.example/simple", "some-package", "1.0")


async def test_the_wheel_is_told_from_its_neighbours() -> None:
    names = [
        "a_b-1.0.tar.gz",
        "a_b-1.0.1-py3-none-any.whl",
        "a_b_c-1.0-py3-none-any.whl",
        "A.B-1.0-py3-none-any.whl",
    ]
    page = "".join(f"<a href='../../f/{name}'>{name}</a>" for name in names)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html=page)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        wheel = await index.find_wheel(client, "https://index.example/simple", "a-b", "1.0")
    assert wheel == index.Wheel(names[3], f"https://index.example/f/{names[3]}", None, None)
