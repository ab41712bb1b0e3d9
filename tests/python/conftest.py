"""Shells start what runs in the background with Ctrl-C ignored; tests send it, and so do their children."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
