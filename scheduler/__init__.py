"""The service: configuration, command line, timetable, jobs and migrations."""
