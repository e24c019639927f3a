"""Every error of the gateway, and the middleware that answers them in JSON.

GatewayError                     500 internal_error
├── InvalidRequest               400 bad_request
│   ├── InvalidJson              400 invalid_json
│   ├── InvalidMessage           400 invalid_message
│   ├── EmptyText                400 empty_text
│   ├── TextTooLong              400 text_too_long
│   ├── UnknownButton            400 unknown_button
│   ├── InvalidFacts             400 invalid_facts
│   ├── InvalidName              400 invalid_name
│   └── InvalidPhone             400 invalid_phone
├── BadOrigin                    403 bad_origin
├── StaleForm                    403 stale_form
├── NotFound                     404 not_found
│   ├── NoConversation           404 no_conversation
│   └── UnknownMessage           404 unknown_message
├── MethodNotAllowed             405 method_not_allowed
├── BodyTimeout                  408 body_timeout
├── NoBooking                    409 no_booking
├── BodyTooLarge                 413 body_too_large
├── UnsupportedMediaType         415 unsupported_media_type
├── TooManyRequests              429 too_many_requests
├── StoreUnavailable             503 unavailable
└── RasaUnavailable              never answered: becomes a message that says where to turn

The sentence of each code is in sentences.yml.
"""

from collections.abc import Iterator, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from web.logs import LOGGER, describe
from web.sentences import sentences


class GatewayError(Exception):
    """An error with an HTTP status and a stable code; it carries nothing a person wrote."""

    status = 500
    code = "internal_error"


class InvalidRequest(GatewayError):
    """The request cannot be read."""

    status = 400
    code = "bad_request"


class InvalidJson(InvalidRequest):
    """The body is not JSON."""

    code = "invalid_json"


class InvalidMessage(InvalidRequest):
    """The body is JSON of another shape."""

    code = "invalid_message"


class EmptyText(InvalidRequest):
    """Nothing visible was written."""

    code = "empty_text"


class TextTooLong(InvalidRequest):
    """More than 500 characters."""

    code = "text_too_long"


class UnknownButton(InvalidRequest):
    """The button was not issued in this conversation."""

    code = "unknown_button"


class InvalidFacts(InvalidRequest):
    """Facts that do not fit a rule; the answer names them."""

    code = "invalid_facts"


class InvalidName(InvalidRequest):
    """Nothing that can be a name, or more than 80 characters."""

    code = "invalid_name"


class InvalidPhone(InvalidRequest):
    """Not a French phone number; `kind` is that of BadPhone (actions/appointments/phones.py)."""

    code = "invalid_phone"

    def __init__(self, kind: str) -> None:
        """Say why."""
        super().__init__()
        self.kind = kind


class BadOrigin(GatewayError):
    """Another site asks."""

    status = 403
    code = "bad_origin"


class StaleForm(GatewayError):
    """The token of a form is not ours, of another conversation or too old."""

    status = 403
    code = "stale_form"


class NotFound(GatewayError):
    """Nothing at this address."""

    status = 404
    code = "not_found"


class NoConversation(NotFound):
    """No cookie, a forged or too old one, or an erased conversation."""

    code = "no_conversation"


class UnknownMessage(NotFound):
    """Not a message of the bot in this conversation."""

    code = "unknown_message"


class MethodNotAllowed(GatewayError):
    """The address exists, the method does not."""

    status = 405
    code = "method_not_allowed"


class BodyTimeout(GatewayError):
    """The body did not arrive in time."""

    status = 408
    code = "body_timeout"


class NoBooking(GatewayError):
    """Contact details are given where none were asked for."""

    status = 409
    code = "no_booking"


class BodyTooLarge(GatewayError):
    """The body passes the limit."""

    status = 413
    code = "body_too_large"


class UnsupportedMediaType(GatewayError):
    """The body is not declared as plain JSON."""

    status = 415
    code = "unsupported_media_type"


class TooManyRequests(GatewayError):
    """A limit is passed (web/limits.py)."""

    status = 429
    code = "too_many_requests"

    def __init__(self, seconds: int) -> None:
        """Ask to wait that long."""
        super().__init__()
        self.seconds = seconds


class StoreUnavailable(GatewayError):
    """The database (ours or Rasa's) does not answer."""

    status = 503
    code = "unavailable"


class RasaUnavailable(GatewayError):
    """Rasa is down, too slow, or answered nothing that can be said."""


def family(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """Yield an error class and every class under it."""
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


FROM_AIOHTTP: dict[int, type[GatewayError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
}


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error as `{"error": {"code", "message"}}`, never with a trace."""
    try:
        return await handler(request)
    except TooManyRequests as error:
        return error_response(TooManyRequests, retry_after=error.seconds)
    except GatewayError as error:
        if error.status >= 500:
            LOGGER.error("%s: %s", error.code, describe(error))
        return error_response(type(error), message=sentence_of(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kind = FROM_AIOHTTP.get(error.status, InvalidRequest)
        return error_response(kind, allow=error.headers.get(hdrs.ALLOW))
    except Exception as error:  # noqa: BLE001 - the last net: a trace must never be answered
        LOGGER.error("unexpected error: %s", describe(error))
        return error_response(GatewayError)


def sentence_of(error: GatewayError) -> str:
    """Return the sentence of an error, the one of its kind for a phone number."""
    if isinstance(error, InvalidPhone):
        return sentences().appointments.phones[error.kind]
    return sentences().errors[error.code]


def error_response(
    kind: type[GatewayError],
    allow: str | None = None,
    fields: Mapping[str, str] | None = None,
    retry_after: int | None = None,
    message: str | None = None,
) -> web.Response:
    """Return the JSON answer of an error class, with its own sentence unless `message` is one.

    `allow` lists the methods of the address; `fields` says what is wrong, by field;
    `retry_after` is in seconds.
    """
    error: dict[str, object] = {
        "code": kind.code,
        "message": message or sentences().errors[kind.code],
    }
    if fields:
        error["fields"] = dict(fields)
    response = web.json_response({"error": error}, status=kind.status)
    if allow:
        response.headers[hdrs.ALLOW] = allow
    if retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = str(retry_after)
    if kind in (BodyTimeout, BodyTooLarge):
        response.force_close()  # the rest of the body is not worth reading
    return response
