"""What happens when: observances become campaigns, campaigns become checklist items and
calendars.
"""
