"""In place of the interpreter's own `machine`, which this build lacks: a page has no registers."""

mem8 = mem16 = mem32 = None
