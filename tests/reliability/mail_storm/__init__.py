"""A storm over mail: relays send while they are killed, or stopped past their leases, or while
their database is away; a server on this machine keeps what arrived.

Kills are drawn from the seed; what each hits depends on the machine. Time is a value: each relay
begins some minutes after the one before, so that no lease has to be waited for.
"""

from tests.reliability.mail_storm.play import MailStorm

__all__ = ["MailStorm"]
