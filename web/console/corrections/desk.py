"""What the pages of corrections use: the SQL, the subjects, those who say the same, the patch."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from allobot.project import ROOT
from web.console.corrections.grouping import Index, Similar
from web.console.corrections.patch import Patch, blocks, make_patch, read_files, read_measured
from web.console.corrections.store import Corrections
from web.console.labels import subjects

KEPT_SECONDS = 120.0  # the index of messages: two seconds to make, milliseconds to ask


@dataclass
class Desk:
    """One for the application. Methods block: a handler calls them in a thread."""

    store: Corrections
    two_people: bool
    root: Path = ROOT
    _index: Index | None = None
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def intents(self) -> Mapping[str, str]:
        """Return the French name of each intent that has examples; subjects first, by name."""
        names = {block.intent for text in read_files(self.root).values() for block in blocks(text)}
        labels = subjects()
        known = sorted((labels[name], name) for name in names if name in labels)
        others = sorted(names - labels.keys())
        return {name: label for label, name in known} | {name: name for name in others}

    def similar(self, text: str) -> list[Similar]:
        """Return the messages that nobody corrected and that are like this one."""
        with self._lock:
            if self._index is None or time.monotonic() > self._until:
                self._index = Index(self.store.uncorrected())
                self._until = time.monotonic() + KEPT_SECONDS
            index = self._index
        return index.similar(text)

    def patch(self) -> Patch:
        """Return what the agreed corrections change in data/nlu. Raises PatchError."""
        wanted = [correction.example() for correction in self.store.to_export()]
        return make_patch(read_files(self.root), read_measured(self.root), wanted)
