"""The web application as other servers load it: ``scheduler.wsgi:app``. A composition root."""

from typing import Any

from flask import Flask

from scheduler.config import load_settings
from scheduler.service import Service
from web.app import create_app


def application(service: Service) -> Flask:
    """Return the pages and calendars of a service."""
    return create_app(service.session_factory, service.web_config)


def __getattr__(name: str) -> Any:
    """Make ``app`` when a server asks for it; importing this module alone reads no
    configuration.
    """
    if name == "app":
        return application(Service(load_settings()))
    raise AttributeError(name)
