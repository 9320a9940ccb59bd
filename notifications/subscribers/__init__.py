"""People without an account who get letters about public days and activities."""
