"""A process that follows a tracker into a log until it is killed: `tailing.py TRACKER URL`."""

import sys
import time
from pathlib import Path

from allobot.database import make_engine
from web.conversation_log import tail as module
from web.conversation_log.source import tracker_engine
from web.conversation_log.tail import Tail


def main() -> None:
    module.BATCH = 7  # many transactions, to be killed in the middle of them
    tail = Tail(tracker_engine(Path(sys.argv[1])), make_engine(sys.argv[2]))
    print("ready", flush=True)
    while True:
        if not tail.run_once():
            time.sleep(0.01)


if __name__ == "__main__":
    main()
