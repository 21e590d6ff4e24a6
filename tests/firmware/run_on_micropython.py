"""Run the test functions of one file under MicroPython: micropython run_on_micropython.py FILE [NAME ...]

Plain or async functions named test_*, in the order they stand. Exit code 1 if one fails or there is none.
"""

import asyncio
import sys


def run(path, wanted):
    folder, _, name = path.rpartition("/")
    sys.path.insert(0, folder or ".")
    module = __import__(name[:-3])
    with open(path) as file:  # a module's dict has no order
        names = [
            line.split("(")[0].split()[-1]
            for line in file
            if line.startswith(("def test_", "async def test_"))
        ]
    names = [name for name in names if not wanted or name in wanted]
    failed = 0
    for name in names:
        try:
            result = getattr(module, name)()
            if hasattr(result, "send"):
                asyncio.run(result)
            print("ok", name)
        except Exception as error:  # noqa: BLE001 - whatever a test raises is its result, printed below
            failed += 1
            print("FAILED", name)
            sys.print_exception(error)
    print(f"{len(names) - failed} of {len(names)} passed on MicroPython")
    return 1 if failed or not names else 0


sys.exit(run(sys.argv[1], sys.argv[2:]))
