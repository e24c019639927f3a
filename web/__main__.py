"""`python -m web`: runs the gateway until SIGINT or SIGTERM."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Iterator

import uvloop
from aiohttp import web
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from allobot.database import UnsupportedDatabase
from allobot.errors import ConfigurationError
from allobot.settings import BadKey, Settings, load_settings
from web.logs import log_to_stderr
from web.sentences import StartSentences, sentences
from web.server import Runner

PRIVATE = 0o077  # what the gateway writes is for its own account only


class CannotListen(Exception):
    """The address or the port cannot be listened on."""


def main() -> int:
    """Run; return the exit code. A foreseeable failure is one sentence on stderr."""
    os.umask(PRIVATE)
    log_to_stderr()
    start = sentences().start
    try:
        uvloop.run(serve(load_settings()))
    except ValidationError as error:
        return _fail(start.bad_settings.format(names=", ".join(_names(error, start))))
    except ConfigurationError as error:
        return _fail(str(error))
    except CannotListen as error:
        return _fail(str(error))
    except (SQLAlchemyError, UnsupportedDatabase) as error:
        return _fail(start.database_down.format(reason=type(error).__name__))
    except BadKey as error:
        return _fail(start.bad_settings.format(names=error))
    except OSError as error:
        return _fail(start.cannot_write.format(path=error.filename, reason=error.strerror))
    return 0


async def serve(settings: Settings) -> None:
    """Serve until a signal says to stop; raise CannotListen, SQLAlchemyError."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = Runner(settings)
    try:
        await runner.setup()
        address = await _listen(runner, settings)
        print(sentences().start.ready.format(address=address), flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    """Listen, and return the address people open."""
    site = web.TCPSite(runner, settings.web_host, settings.web_port)
    try:
        await site.start()
    except OSError as error:
        sentence = sentences().start.cannot_listen
        if error.errno == errno.EADDRINUSE:
            sentence = sentences().start.port_taken
        reason = errno.errorcode.get(error.errno or 0, "?")
        where = {"host": settings.web_host, "port": settings.web_port, "reason": reason}
        raise CannotListen(sentence.format(**where)) from error
    host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    return f"http://{host}:{runner.addresses[0][1]}"


def _names(error: ValidationError, start: StartSentences) -> Iterator[str]:
    """Yield each setting that does not fit."""
    for item in error.errors():
        name = ".".join(map(str, item["loc"]))
        yield start.secret_too_short if name == "secret" else name


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
