"""What the operator sees while it measures: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

REFRESH = 0.2  # seconds


class Show:
    """Tells the steps one after the other, each with its place among all of them."""

    def __init__(self, steps: int, console: Console | None = None) -> None:
        self._steps, self._step = steps, 0
        self._console = console or Console(highlight=False)

    @contextlib.contextmanager
    def step(self, title: str, seconds: float) -> Iterator[None]:
        """Show a step while it lasts, expected to take so many seconds."""
        self._step += 1
        text = f"[{self._step}/{self._steps}] {title}"
        if not self._console.is_terminal:
            self.tell(text)
            yield
            return
        with self._bar(text, seconds):
            yield
        self.tell(text)

    def tell(self, text: str) -> None:
        """Say one line that stays."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)

    @contextlib.contextmanager
    def _bar(self, text: str, seconds: float) -> Iterator[None]:
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn()
        over = threading.Event()
        with Progress(
            *columns, TimeElapsedColumn(), console=self._console, transient=True
        ) as progress:
            task = progress.add_task(text, total=seconds)
            begun = time.monotonic()

            def advance() -> None:
                while not over.wait(REFRESH):
                    progress.update(task, completed=min(time.monotonic() - begun, seconds))

            thread = threading.Thread(target=advance, daemon=True)
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()
