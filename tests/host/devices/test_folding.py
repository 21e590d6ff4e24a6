"""Numbers in place of their names: the same program, in fewer bytes, on the same lines."""

import ast

import pytest
from lapel import viper
from lapel.devices import boards, firmware, folding

PROGRAM = {
    "a": b"from b import FAR, NEAR as CLOSE, again\n\nNEVER = 5\nOWN_MS = 1 << 3\n\n\n"
    b"def f(x):\n    return OWN_MS.real + FAR - CLOSE + again(x)\n",
    "b": b"from c import FAR, NEAR\nimport c\n\n\n"
    b"def again(\n    x,\n):\n    return len(c.WORD + c.SENTENCE) + (c.BIT | c.SAID | c.LOCAL)\n",
    "c": b"FAR = -(\n    7\n)\nNEAR = 2\nBIT = FAR * 2 + 100\nSAID = 8\nLOCAL = 16\nTEXT = 'SAID'\n"
    b"WORD = 'a \\'word\\''\nSENTENCE = 'a sentence that is kept once'\n\n\n"
    b"def g(LOCAL):\n    return f'{NEAR}' + str(LOCAL)\n",
}


def run(sources: dict[str, bytes]) -> tuple[object, object]:
    import sys
    import types

    modules = {name: types.ModuleType(name) for name in sources}
    before = {name: sys.modules.get(name) for name in sources}
    sys.modules.update(modules)
    try:
        for name in sorted(sources, reverse=True):  # each imports later ones only
            exec(compile(sources[name], name, "exec"), modules[name].__dict__)
        return modules["a"].f(1), modules["c"].g(3)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def test_a_folded_program_does_the_same_on_the_same_lines() -> None:
    folded = folding.fold(PROGRAM, frozenset(), frozenset())
    assert run(folded) == run(PROGRAM)
    for name, text in PROGRAM.items():
        assert folded[name].count(b"\n") == text.count(b"\n")
        lines = [
            [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
            for source in (text, folded[name])
        ]
        assert lines[0] == lines[1]
    assert b"return (8).real + (-7) - 2" in folded["a"] and b"OWN_MS" not in folded["a"]


def test_what_somebody_may_still_ask_for_stays() -> None:
    folded = folding.fold(PROGRAM, frozenset(), frozenset())
    assert b"NEVER = 5" in folded["a"]  # used nowhere: who wrote it has a reason
    assert b"SAID = 8" in folded["c"]  # asked for by its name
    assert b"LOCAL = 16" in folded["c"]  # means something else in a function
    assert b"NEAR = 2" in folded["c"]  # stands in a text
    assert b"FAR" not in folded["c"] and b"BIT" not in folded["c"] and b"WORD" not in folded["c"]
    assert b"SENTENCE = " in folded["c"] and b"c.SENTENCE" in folded["b"]
    kept = folding.fold(PROGRAM, frozenset(), frozenset({"c"}))
    assert b"BIT = " in kept["c"] and b"FAR = " in kept["c"]


@pytest.mark.parametrize("board", [*boards.names(), boards.MOCK])
def test_every_name_that_the_folded_firmware_asks_for_is_there(board: str) -> None:
    for texts in (firmware.folded_app(board), firmware.folded_safe(board)):
        trees = {module: ast.parse(text) for module, text in texts.items()}
        defined = {module: _defined(tree) for module, tree in trees.items()}
        for module, tree in trees.items():
            package = module if f"{module}." in " ".join(texts) else module.rpartition(".")[0]
            bound = {}
            for node in ast.walk(tree):
                if not isinstance(node, ast.ImportFrom):
                    continue
                source = ".".join(part for part in (package if node.level else "", node.module or "") if part)
                for alias in node.names:
                    if firmware.source(f"{source}.{alias.name}".replace(".", "/")):  # a module
                        bound[alias.asname or alias.name] = f"{source}.{alias.name}"
                    elif source in defined and alias.name != "*":
                        assert alias.name in defined[source], f"{module}: {source}.{alias.name}"
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    target = bound.get(node.value.id)
                    if target in defined and node.attr.isupper():
                        assert node.attr in defined[target], f"{module}: {target}.{node.attr}"
            used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id.isupper()}
            stored = {
                n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            stored |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
            assert used <= stored | defined[module], module


def _defined(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if any(alias.name == "*" for alias in node.names):
                source = getattr(node, "module", "") or ""
                path = viper.source_root().joinpath(*source.split(".")).with_suffix(".py")
                names |= _defined(ast.parse(path.read_bytes()))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names
