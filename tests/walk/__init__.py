"""Every form of the service filled in and sent: what calendars make of each change."""
