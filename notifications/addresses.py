"""Names and addresses that are safe in headers and in SMTP.

``smtplib`` and ``email`` let some line breaks through; we do not.
"""

import re

from events.errors import N_, InvalidInputError

# RFC 5322, addr-spec without quoting and comments; RFC 5321, 4.5.3.1 for the length.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def checked_address(address: str) -> str:
    """Return a mail address that is safe in a header and in SMTP. Raises ``InvalidInputError``."""
    if not _ADDRESS.fullmatch(address):
        raise InvalidInputError(N_("No mail can be sent to “%(address)s”."), address=address)
    return address


def checked_name(name: str) -> str:
    """Return a name that is safe in a header.

    Raises ``InvalidInputError`` for line breaks and other control characters.
    """
    if not is_one_line(name):
        raise InvalidInputError(N_("A name must be one line of text: %(name)s"), name=repr(name))
    return name


def is_one_line(text: str) -> bool:
    """Tell whether ``text`` has no line break and no other control character."""
    return not _CONTROL.search(text)
