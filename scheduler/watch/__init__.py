"""Who leads, whether the clock and mail get on, jumps of the time, what somebody has to see to."""
