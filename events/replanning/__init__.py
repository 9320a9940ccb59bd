"""What moves when a date, a plan, a template or the working calendar does; previewed first."""
