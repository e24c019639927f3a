"""A tiny HTTP server that plays one of our processes: `fake_service.py PORT [OPTION…]`.

late=SECONDS    answers only after that long
dies=SECONDS    exits with code 3 after that long
stubborn        ignores SIGTERM
note=FILE       writes its own id
child=FILE      starts a process of its own, that ignores SIGTERM too, and writes its id
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get("ALLOBOT_DATE", "").encode())

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    port, options = int(sys.argv[1]), sys.argv[2:]
    values = dict(option.split("=", 1) for option in options if "=" in option)
    if "stubborn" in options:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "note" in values:
        Path(values["note"]).write_text(str(os.getpid()))
    if "child" in values:
        child = subprocess.Popen([sys.executable, "-c", SLEEPER])
        Path(values["child"]).write_text(str(child.pid))
    if "dies" in values:
        threading.Timer(float(values["dies"]), lambda: os._exit(3)).start()
    time.sleep(float(values.get("late", 0)))
    print(f"écoute {time.monotonic():.6f}", flush=True)
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
