"""The web application, put together: every page of every area, what all of them reach for, and the
settings.

``create_app`` takes a session factory and plain settings, so that a test, a command and a server
make the same application.
"""

from flask import Flask, request
from flask_compress import Compress
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from events.checklist import evidence
from events.database.sessions import SessionFactory
from events.words.language import LANGUAGES
from web.accounts import (
    brake,
    gate,
    my_account,
    my_data,
    my_mail,
    second_factor,
    security,
    setup_page,
)
from web.accounts import views as accounts
from web.announcements import announcing, by_mail
from web.calendars import desk, imported, observances, single, subscriptions
from web.calendars.layer import FeedLayer
from web.campaigns import activities, ahead, cancelling, dates, documents, opening, progress
from web.campaigns import show as campaigns
from web.home import show as home
from web.items import choices, editing, mail_links, own_items
from web.items import show as items
from web.kit import (
    addresses,
    assets,
    context,
    door,
    doors,
    errors,
    headers,
    health,
    language,
    metrics,
    troubles,
    visibility,
    words,
)
from web.kit.collisions import App
from web.kit.config import WebConfig
from web.kit.sizes import LARGEST_FORM
from web.settings import (
    audit,
    backups,
    days_off,
    first_run,
    index,
    keeping,
    letters,
    mail,
    offsets,
    outbox,
    own_observances,
    persons,
    roles,
    start_line,
    suppressed,
    templates,
)
from web.units import mine, offers, people, proposals, reforms, reminders, villages
from web.units import show as units

_ROOMS = (  # every page, each a blueprint of its own
    home,
    mine,
    observances,
    imported,
    subscriptions,
    desk,
    single,
    campaigns,
    cancelling,
    by_mail,
    announcing,
    items,
    mail_links,
    choices,
    own_items,
    activities,
    units,
    progress,
    documents,
    keeping,
    letters,
    own_observances,
    opening,
    ahead,
    people,
    villages,
    reminders,
    mail,
    outbox,
    audit,
    persons,
    first_run,
    roles,
    index,
    days_off,
    reforms,
    proposals,
    offers,
    editing,
    dates,
    templates,
    start_line,
    suppressed,
    backups,
    accounts,
    my_account,
    my_data,
    my_mail,
    second_factor,
    setup_page,
    assets,
    health,
    metrics,
)


def create_app(session_factory: SessionFactory, config: WebConfig) -> Flask:
    """Return the web application.

    ``session_factory`` makes sessions that may write; readers get their own.
    """
    app = App(__name__, static_folder=None)
    app.config.update(_settings(config))
    door.install(app)
    context.install(app, session_factory, config)
    language.install(app)
    security.install(app, config)
    gate.install(app)
    brake.install(app, config)
    Compress(app)
    headers.install(app)
    errors.install(app)
    troubles.install(app)
    for room in _ROOMS:
        app.register_blueprint(room.bp)
    doors.install(app)
    # after the doors: whoever was signed out meanwhile is asked to sign in, not told of old forms
    _let_links_be_enough(CSRFProtect(app))
    _furnish_templates(app)
    if hops := config.trusted_proxies:
        # not the host: that is web.public_url, and a header would be one more thing to forge
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = FeedLayer(app)  # type: ignore[method-assign]
    return app


def _let_links_be_enough(csrf: CSRFProtect) -> None:
    """Ask for no token where whoever has the address needs no cookie to prove it."""
    csrf.exempt(mail_links.bp)
    for view in (by_mail.confirm, by_mail.choose, by_mail.leave):
        csrf.exempt(view)


def _settings(config: WebConfig) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secret_key,
        "TESTING": config.testing,
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        # with the prefix a browser takes it from this host alone, over https and for every path
        "SESSION_COOKIE_NAME": "__Host-sumvay" if config.is_https else "sumvay",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.is_https,
        "PERMANENT_SESSION_LIFETIME": config.session_lifetime,
        # as long as the session: a page left open over lunch still works
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_MIMETYPES": ["text/html", "text/css", "text/javascript", "image/svg+xml"],
    }


def _furnish_templates(app: Flask) -> None:
    """Give the templates their words. They say what a view chose, and ask nobody else."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        day=words.day_text,
        long_day=words.long_day,
        moment=words.moment_text,
        hour=words.hour_text,
        within=words.unit_within,
        named=words.named,
        tongue=words.tongue,
        closing_words=words.closing_words,
        why_closed=words.why_closed,
        why_moved=words.why_moved,
        recorded_otherwise=words.recorded_otherwise,
        version_note=words.version_note,
        month_name=words.month_name,
        short_month_name=words.short_month_name,
        number=words.number_text,
        title_of=language.title,
        evidence_missing=evidence.evidence_missing,
        evidence_not_given=evidence.evidence_not_given,
        proving_papers=evidence.proving_papers,
    )
    app.jinja_env.globals.update(
        asset=assets.address_of,
        countdown=words.countdown_text,
        due=words.due_text,
        here=addresses.here,
        language=language.current,
        languages=LANGUAGES,
        moments=words.moments_text,
        period=words.period_text,
        settings=context.get_config,
        account=context.current_account,
        office=context.current_office,
        today=context.today,
        weekday_names=words.weekday_names,
        in_zalo=_in_zalo,
        allowed=visibility.allowed,
        steers_all=visibility.steers_all,
        troubles=troubles.troubles_to_show,
        offset=offsets.offset_text,
    )


def _in_zalo() -> bool:
    """Tell whether the page is read inside Zalo, whose browser cannot open calendars or save
    files.
    """
    return "zalo" in request.user_agent.string.lower()
