"""Calendars that people subscribe to; the only place that knows iCalendar."""
