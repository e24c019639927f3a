"""`python -m bot …`: Rasa's own command line with our settings. Same arguments as `rasa …`."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from allobot.masking.logs import mask_logs
from bot.absent import TALKING, leave_out

SETTINGS = {
    "RASA_TELEMETRY_ENABLED": "false",
    # An idle BLAS thread spins: one thread halves the CPU of a message.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


CPU = Path("/proc/cpuinfo")
FAST_KERNELS = {"avx2", "fma"}  # what a CPU needs for OpenBLAS's kernels named Haswell


def main() -> None:
    # Before any import of Rasa: its libraries read these once. Telemetry is not negotiable.
    os.environ.update(SETTINGS)
    if kernels := blas_kernels():
        os.environ.setdefault("OPENBLAS_CORETYPE", kernels)
    os.environ.pop("SENTRY_DSN", None)

    hush_deprecations()
    mask_logs()
    if len(sys.argv) > 1 and sys.argv[1] in TALKING:
        leave_out()
    from rasa.__main__ import main as rasa_main

    from bot.tuning import tune

    tune()
    sys.argv[0] = "rasa"
    rasa_main()


def blas_kernels(cpu: Path = CPU) -> str | None:
    """What to tell the OpenBLAS of Rasa's frozen numpy: it takes a CPU newer than itself (2022) for
    a Prescott (2004), and is then half as fast. None leaves the choice to it.
    """
    try:
        lines = cpu.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    return "HASWELL" if set(flags) >= FAST_KERNELS else None


def hush_deprecations() -> None:
    """Rasa's frozen libraries warn at each start of things nobody here can change.

    A filter would not do: some of them set the filters anew while they are imported.
    """
    show = warnings.showwarning

    def show_others(message: Any, category: type[Warning], *details: Any, **more: Any) -> None:
        if not issubclass(category, DeprecationWarning | PendingDeprecationWarning | FutureWarning):
            show(message, category, *details, **more)

    warnings.showwarning = show_others


if __name__ == "__main__":
    main()
