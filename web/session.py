"""The session cookie: a signed conversation id, worth `session_minutes` after its last use."""

import hashlib
import re
import time
from typing import Any

from aiohttp import web
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

COOKIE = "allobot"
PURPOSE = "allobot.web.conversation"  # a signature made for another purpose is worth nothing here
# http.cookies only knows Partitioned from Python 3.14: it follows the attribute before it.
EMBEDDED = "None; Partitioned"
CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{32}")


def loads_recent(serializer: URLSafeTimedSerializer, value: str, seconds: int) -> Any:
    """What was signed at most so long ago. Raises BadData.

    itsdangerous also refuses what comes from the future: a clock that is set back would end every
    conversation.
    """
    found, signed = serializer.loads(value, return_timestamp=True)
    age = time.time() - signed.timestamp()
    if age > seconds:
        raise SignatureExpired(f"signed {age:.0f} s ago")
    return found


class Sessions:
    """Issues, reads and clears the cookie."""

    def __init__(self, key: str, minutes: int, *, secure: bool, embedded: bool = False) -> None:
        """Sign with `key`; `secure` restricts the cookie to https.

        `embedded` lets it travel from the sites that embed Allobot: one cookie for each of them,
        as it is partitioned, and over https only.
        """
        self._seconds = minutes * 60
        self._secure = secure or embedded
        self._same_site = EMBEDDED if embedded else "Strict"
        self._serializer = URLSafeTimedSerializer(
            key,
            salt=PURPOSE,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def read(self, request: web.Request) -> str | None:
        """Return the conversation the cookie names; None when absent, forged or too old."""
        value = request.cookies.get(COOKIE, "")
        try:
            conversation_id = loads_recent(self._serializer, value, self._seconds)
        except BadData:
            return None
        if isinstance(conversation_id, str) and CONVERSATION_ID.fullmatch(conversation_id):
            return conversation_id
        return None

    def issue(self, response: web.StreamResponse, conversation_id: str) -> None:
        """Set the cookie anew, so that its time starts again."""
        value = self._serializer.dumps(conversation_id)
        response.set_cookie(
            COOKIE,
            value.decode() if isinstance(value, bytes) else value,
            max_age=self._seconds,
            path="/",
            httponly=True,
            samesite=self._same_site,
            secure=self._secure,
        )

    def clear(self, response: web.StreamResponse) -> None:
        """Take the cookie back."""
        response.del_cookie(
            COOKIE, path="/", httponly=True, samesite=self._same_site, secure=self._secure
        )
