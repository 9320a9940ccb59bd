"""The face of the service: pages, calendars and forms over HTTP."""
