"""What people type and read: cleaned texts, languages, names of colours."""
