"""The web application as other servers load it: ``scheduler.serving.wsgi:app``. A composition root.

It does not load on a database that is empty or of another version: every page would fail.
"""

import sys
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError

from scheduler import migrate
from scheduler.config import load_settings
from scheduler.logs import configure, log
from scheduler.refusals import refuse
from scheduler.service import SETUP_CODE_FILE, Service
from web.accounts.setup import ensure_setup_code
from web.app import create_app


def application(service: Service) -> Flask:
    """Return the pages and calendars of a service."""
    return create_app(service.session_factory, service.web_config)


def loaded(service: Service) -> Flask:
    """Return the same for another server, which has prepared nothing.

    A database that is away just now is no reason to give up: pages say so until it is back.
    """
    try:
        migrate.require_current(service.engine)
        folder = service.settings.scheduler.data_dir
        if ensure_setup_code(service.session_factory, folder):
            log.warning(
                "make the first administrator at %s/cai-dat with the code in %s",
                service.settings.web.address,
                folder / SETUP_CODE_FILE,
            )
    except OperationalError:
        log.exception("the database does not answer yet")
    service.engine.dispose()  # whoever forks now shares no connection
    return application(service)


def __getattr__(name: str) -> Any:
    """Make ``app`` when a server asks for it; importing this module alone reads no
    configuration.
    """
    if name == "app":
        configure()
        try:
            return loaded(Service(load_settings()))
        except Exception as error:
            sys.exit(refuse(error))
    raise AttributeError(name)
