"""Named numbers and words of the firmware written out where they are used, before a board gets it compiled.

A name of a module costs a board its text, an entry of a dictionary and a look-up at each use. MicroPython's
own `const` spares that within one module and is unknown to CPython, where the same files run. Lines stay
where they are, so a traceback still names the line of the source.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping

_NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")
_MOST = 1 << 30  # beyond it a number is an object of its own on a 32-bit chip
_LONGEST = 24  # of a word: a sentence that is used twice is better kept once
_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
_Key = tuple[str, str]  # module and name
_Value = int | str
_Edit = tuple[int, int, bytes]  # from and to which byte, and what stands there instead


def fold(sources: Mapping[str, bytes], packages: frozenset[str], kept: frozenset[str]) -> dict[str, bytes]:
    """These modules with their whole numbers and short texts in place of names.

    `sources` is a whole program by module name, `packages` those of them that are an `__init__`, `kept`
    modules whose names somebody asks for in another way. One that nothing uses stays.
    """
    modules: dict[str, _Module] = {}
    for name, text in sources.items():
        modules[name] = _Module(name, text, name in packages, modules)
    stored = {name for module in modules.values() for name in module.changed}
    numbers: dict[_Key, _Value] = {}
    before = -1
    while len(numbers) != before:  # one may be made of another module's
        before = len(numbers)
        for module in modules.values():
            for target, value in module.definitions.items():
                number = None if target in stored else module.number(value, numbers)
                if number is not None and _is_small(number):
                    numbers[module.name, target] = number
    # First the uses, for a name that is still used somewhere keeps its definition.
    left: set[_Key] = set()
    said = {text for module in modules.values() for text in module.texts}
    used: set[_Key] = set()
    edits = {module.name: list(module.uses(numbers, used, left)) for module in modules.values()}
    gone = {key for key in used - left if key[0] not in kept and key[1] not in said}
    return {
        module.name: _edited(module.text, edits[module.name] + list(module.removals(gone)))
        for module in modules.values()
    }


class _Module:
    """One module's text and what of it matters here."""

    def __init__(self, name: str, text: bytes, is_package: bool, others: Mapping[str, _Module]) -> None:
        self.name = name
        self._others = others
        self.text = text
        self._tree = ast.parse(text)
        self._package = name if is_package else name.rpartition(".")[0]
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        nodes = list(ast.walk(self._tree))
        self._in_text = {
            id(inner)
            for node in nodes
            if isinstance(node, ast.JoinedStr)  # whose parts have no true places before Python 3.12
            for inner in ast.walk(node)
        }
        self._names = [node for node in nodes if isinstance(node, ast.Name)]
        self._attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        self.texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        own: dict[str, list[ast.Assign]] = {}
        for node in self._tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target = node.targets[0]
                if isinstance(target, ast.Name) and _NAME.fullmatch(target.id):
                    own.setdefault(target.id, []).append(node)
        stores = [n.id for n in self._names if not isinstance(n.ctx, ast.Load)]
        stores += [n.arg for n in nodes if isinstance(n, ast.arg)]
        self._own = {name: nodes[0] for name, nodes in own.items() if stores.count(name) == 1}
        self.definitions = {name: node.value for name, node in self._own.items()}
        # Names that somebody gives another meaning: a local one, or an attribute of anything.
        self.changed = {name for name in stores if name not in self._own}
        self.changed |= {n.attr for n in self._attributes if not isinstance(n.ctx, ast.Load)}
        self._imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        self._whole = {
            (alias.asname or alias.name): alias.name
            for node in nodes
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.asname or "." not in alias.name
        }
        self._from = {
            (alias.asname or alias.name): (self._source(node), alias.name)
            for node in self._imports
            for alias in node.names
        }

    def number(self, value: ast.expr, numbers: Mapping[_Key, _Value]) -> _Value | None:
        """What an expression of whole numbers and known names is, or a text."""
        if isinstance(value, ast.Constant):
            constant = value.value
            return constant if isinstance(constant, int | str) and not isinstance(constant, bool) else None
        if isinstance(value, ast.Name):
            return numbers.get(self._origin(value.id))
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            number = self.number(value.operand, numbers)
            return -number if isinstance(number, int) else None
        if isinstance(value, ast.BinOp) and type(value.op) in _BINARY:
            left, right = self.number(value.left, numbers), self.number(value.right, numbers)
            if not isinstance(left, int) or not isinstance(right, int):
                return None
            return _BINARY[type(value.op)](left, right)
        return None

    def uses(
        self,
        numbers: Mapping[_Key, _Value],
        used: set[_Key],
        left: set[_Key],
    ) -> Iterator[_Edit]:
        """Edits for each use. `used` gets the names that were replaced, `left` those that cannot be."""
        inside = {id(inner) for node in self._own.values() for inner in ast.walk(node.targets[0])}
        bases = {id(node.value): node for node in self._attributes}
        for name in self._names:
            if id(name) in inside or not isinstance(name.ctx, ast.Load):
                continue
            key = self._origin(name.id)
            node: ast.expr = name
            if key not in numbers and id(name) in bases:  # module.NAME
                node = bases[id(name)]
                key = self._through(self._module(name.id), bases[id(name)].attr)
            if key not in numbers:
                continue
            if id(node) in self._in_text:
                left.add(key)
                continue
            used.add(key)
            literal = self._literal(numbers[key])
            if node is name and id(name) in bases:  # an attribute of a number needs them
                literal = b"(%s)" % literal
            yield (*self._place(node), literal)
        for attribute in self._attributes:
            base = attribute.value
            if (
                not isinstance(base, ast.Name)
                or self._through(self._module(base.id), attribute.attr) not in numbers
            ):
                left |= {key for key in numbers if key[1] == attribute.attr}  # of who knows what
        for imported in self._imports:
            left |= {
                self._through(self._source(imported), alias.name)
                for alias in imported.names
                if alias.asname not in (None, alias.name)
            }

    def removals(self, gone: set[_Key]) -> Iterator[_Edit]:
        """Edits for definitions and imports of names that nobody looks up any more."""
        for name, node in self._own.items():
            if (self.name, name) in gone:
                yield (*self._place(node), self._blank(node, b"0"))
        for imported in self._imports:
            source = self._source(imported)
            stay = [alias for alias in imported.names if self._through(source, alias.name) not in gone]
            if len(stay) < len(imported.names):
                dots = "." * imported.level + (imported.module or "")
                names = ", ".join(f"{a.name} as {a.asname}" if a.asname else a.name for a in stay)
                new = f"from {dots} import {names}" if stay else "0"
                yield (*self._place(imported), self._blank(imported, new.encode()))

    def _source(self, node: ast.ImportFrom) -> str:
        base = self._package.split(".") if node.level else []
        base = base[: len(base) - max(0, node.level - 1)]
        return ".".join([*base, *([node.module] if node.module else [])])

    def _origin(self, name: str) -> _Key:
        return self._through(self.name, name)

    def _through(self, module: str, name: str) -> _Key:
        """Where a name of a module comes from, which may have imported it, too."""
        while module in self._others and name in self._others[module]._from:
            module, name = self._others[module]._from[name]
        return module, name

    def _module(self, name: str) -> str:
        """The module that a name stands for, "" for none."""
        if name in self._whole:
            return self._whole[name]
        if name in self._from:
            return ".".join(self._from[name])
        return ""

    def _place(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _blank(self, node: ast.stmt, new: bytes) -> bytes:
        """`new` over as many lines as the statement had."""
        begin, end = self._place(node)
        return new + b"\n" * self.text[begin:end].count(b"\n")

    @staticmethod
    def _literal(value: _Value) -> bytes:
        return repr(value).encode() if isinstance(value, str) or value >= 0 else b"(%d)" % value


def _is_small(value: _Value) -> bool:
    return len(value) <= _LONGEST if isinstance(value, str) else abs(value) < _MOST


def _edited(text: bytes, edits: list[_Edit]) -> bytes:
    outer: list[_Edit] = []
    for edit in sorted(edits, key=lambda e: (e[0], -e[1])):
        if not outer or edit[0] >= outer[-1][1]:  # a use inside of a definition that goes away goes with it
            outer.append(edit)
    for begin, end, new in reversed(outer):
        text = text[:begin] + new + text[end:]
    return text
