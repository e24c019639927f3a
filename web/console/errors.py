"""What people of the console cannot do.

UserError
├── UnknownUser      inconnu
├── BadLogin         identifiant
├── LoginTaken       pris
├── LastAdmin        dernier_admin
├── WeakPassword     court, long or evident
├── WrongPassword    mot_de_passe_faux
└── WrongCode        code_faux
"""

from typing import Literal


class UserError(Exception):
    """What was asked cannot be; `code` names the sentence that says why."""

    code = ""


class UnknownUser(UserError):
    """Nobody has this login, or this number."""

    code = "inconnu"


class BadLogin(UserError):
    """A login is 2 to 32 small letters, digits, dots, dashes or underscores."""

    code = "identifiant"


class LoginTaken(UserError):
    """Somebody has this login, perhaps disabled."""

    code = "pris"


class LastAdmin(UserError):
    """Without them nobody could administer."""

    code = "dernier_admin"


class WeakPassword(UserError):
    """Too short, too long or obvious."""

    def __init__(self, code: Literal["court", "long", "evident"]) -> None:
        super().__init__()
        self.code = code


class WrongPassword(UserError):
    """The present password is another one, or too many were tried."""

    code = "mot_de_passe_faux"


class WrongCode(UserError):
    """The code is not the one of the moment, or the enrolment took too long."""

    code = "code_faux"
