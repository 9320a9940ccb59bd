"""Who is let in at which address: every route of the application once, or it does not start.

The door only asks what it can know without looking: whether somebody is signed in, and what is
decided for the whole installation. What depends on a unit is asked by the use case, which knows
it; the door of such a route names the right all the same, and tests hold the two together.

Whoever is not signed in is led to the sign-in page and back; a program that wants no page gets 401.
Whoever is signed in and may not gets 403. What is not there, or whose being there is itself not
public, such as an internal activity, is 404.
"""

from collections.abc import Mapping
from enum import Enum

from flask import Flask, Response, abort, request

from events.people.rights import OF_ALL, Capability, require
from web.kit.context import current_person, get_session, today


class Open(Enum):
    """Doors that ask for no right."""

    PUBLIC = "public"
    BY_FACT = "by fact"  # what of it is public says web/kit/visibility.py
    SIGNED_IN = "signed in"


Door = Open | Capability

_OF: dict[Door, tuple[str, ...]] = {
    Open.PUBLIC: (
        "accounts.ask_for_passkey accounts.choose_password accounts.forgotten accounts.give_code",
        "accounts.link_sent accounts.open_link accounts.open_password_link accounts.second_step",
        "accounts.send_link accounts.send_password_link accounts.sign_in accounts.sign_in_by_link",
        "accounts.sign_in_by_passkey accounts.sign_in_by_password accounts.sign_out",
        "mail_links.ask_done mail_links.ask_held_up mail_links.complete mail_links.hold_up",
        "by_mail.ask by_mail.ask_to_choose by_mail.ask_to_confirm by_mail.ask_to_leave",
        "by_mail.asked by_mail.choose by_mail.confirm by_mail.leave by_mail.show",
        "mail_links.show mail_links.undo",  # whoever has the link is the person it was mailed to
        "files.favicon files.show health.pages health.robots health.show home.show language.switch",
        "metrics.show",
        "desk.show observances.show setup.make_first_account setup.setup single.activity",
        "single.occurrence subscriptions.code units.index",
    ),
    Open.BY_FACT: ("activities.show documents.download documents.index progress.show units.show",),
    Open.SIGNED_IN: (
        "desk.address desk.change desk.download desk.edit desk.make desk.revoke desk.rotate",
        "admin.index mine.show my_account.change_password my_account.end_all_devices",
        "my_account.end_device my_account.list_devices my_account.show my_data.show",
        "my_mail.change my_mail.show",
        "my_data.take_along offers.decide offers.index proposals.index",
        "second_factor.add_codes second_factor.add_passkey second_factor.ask_for_passkey",
        "second_factor.begin_codes second_factor.remove_codes second_factor.remove_passkey",
        "second_factor.show",
        "templates.export templates.index templates.show templates.version villages.show",
    ),
    Capability.READ_CAMPAIGNS: ("campaigns.show imported.show",),
    Capability.READ_WORK: ("items.download items.show",),
    Capability.DO_WORK: (
        "activities.add activities.cancel activities.change activities.change_time",
        "activities.credit activities.edit activities.new activities.restore activities.times",
        "documents.add documents.choose_theme documents.correct documents.edit documents.erase",
        "documents.issue documents.publish documents.supersede own_items.add own_items.new",
        "imported.add imported.ask_again imported.remove imported.replace",
        "choices.credit choices.delegate choices.item choices.split choices.switch_item_off",
        "choices.switch_item_on choices.take_back editing.follow editing.form editing.save",
        "items.block items.complete items.correct_day items.decline items.erase items.excuse",
        "items.give items.reopen items.start items.take_away items.undo",
    ),
    Capability.ENTER_VILLAGES: ("villages.add villages.correct villages.end",),
    Capability.STEER_ROUNDS: (
        "cancelling.ask cancelling.cancel cancelling.reopen reanchor.dates reanchor.move",
    ),
    Capability.KEEP_REMINDERS: ("reminders.change reminders.show",),
    Capability.CHANGE_PEOPLE: (
        "people.add people.correct people.edit people.end people.show proposals.decide",
    ),
    Capability.ANNOUNCE: (
        "announcing.add announcing.change announcing.edit announcing.index announcing.new",
        "announcing.send_it announcing.show announcing.stop announcing.try_out",
    ),
    Capability.DECIDE_DAYS_OFF: (
        "decisions.apply decisions.holiday decisions.index decisions.preview",
    ),
    Capability.KEEP_OBSERVANCES: (
        "keeping.announce keeping.drop_basis keeping.edit keeping.give_checklist keeping.index",
        "keeping.keep_basis keeping.number keeping.switch keeping.withdraw",
        "letters.paste letters.preview letters.store",
        "own_observances.add own_observances.correct own_observances.facts own_observances.new",
    ),
    Capability.KEEP_TEMPLATES: (
        "reanchor.apply_version reanchor.version",
        "templates.edit templates.proposals templates.save templates.set_lead_times",
        "templates.take_in templates.take_proposals templates.upload",
    ),
    Capability.OPEN_ROUNDS: (
        "ahead.open_year opening.choose_day opening.open_kind opening.switch",
    ),
    Capability.CHANGE_UNITS: (
        "reforms.change reforms.confirm_taking_back reforms.hand_over reforms.index reforms.new",
        "reforms.taking_back",
    ),
    Capability.SEE_MAIL: ("mail.index outbox.index outbox.why suppressed.index",),
    Capability.READ_MAIL: ("mail.html mail.show outbox.show",),
    Capability.KEEP_ROLES: ("roles.add roles.call roles.end roles.index",),
    Capability.SET_UP: (
        "audit.index audit.table backups.show",
        "persons.erase_person persons.index persons.show persons.sign_out persons.take_along",
        "outbox.cancel outbox.decide_held outbox.send_again suppressed.take_off",
        "first_run.answer first_run.show start_line.apply start_line.show start_line.undo",
    ),
}
DOORS: Mapping[str, Door] = {
    endpoint: door for door, lines in _OF.items() for line in lines for endpoint in line.split()
}


def install(app: Flask) -> None:
    """Give every route of ``app`` its door. Raises ``LookupError`` for one that has none."""
    unknown = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - DOORS.keys())
    if unknown:
        raise LookupError(f"no door in web/kit/doors.py: {', '.join(unknown)}")
    app.before_request(_ask)
    app.after_request(_out_of_search)


def _out_of_search(response: Response) -> Response:
    """Keep pages about work out of search engines, also the way to them."""
    if DOORS.get(request.endpoint or "") not in (Open.PUBLIC, Open.BY_FACT):
        response.headers.setdefault("X-Robots-Tag", "noindex")
    return response


def _ask() -> None:
    if request.endpoint is None:
        return  # there is nothing here: 404
    door = DOORS[request.endpoint]
    if door in (Open.PUBLIC, Open.BY_FACT):
        return
    person = current_person()
    if person is None:
        abort(401)
    if isinstance(door, Capability) and door in OF_ALL:
        require(get_session(), person, door, None, today())
