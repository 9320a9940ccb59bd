"""Who is told, and that it arrives: notice, message, relay, transport."""
