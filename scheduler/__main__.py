"""`python -m scheduler` is the command `sumvay`."""

from scheduler.cli import main

main()
