"""The papers that campaigns leave: registered, issued, corrected."""
