"""limited_app.py whose loop hangs or raises, once: half a second after the first welcome."""

import json
import os
import time

with open("limits.json") as file:
    limits = json.load(file)
how = limits.pop("break_app")
for name in limits:
    module, constant = name.rsplit(".", 1)
    loaded = __import__(module, None, None, [constant])
    assert hasattr(loaded, constant), name
    setattr(loaded, constant, limits[name])

if "broken" not in os.listdir():
    from pin import body

    follow = body.Body._report
    since = []

    def breaks(self, now_ms):
        follow(self, now_ms)
        if self._app.link.state == 2:
            since.append(now_ms)
        if len(since) > 100 and "broken" not in os.listdir():
            open("broken", "w").close()
            if how == "raise":
                raise RuntimeError("broken on purpose")
            while True:
                time.sleep_ms(100)

    body.Body._report = breaks

import main  # noqa: E402

main.start()
