"""How a process of ours ends; the same for every verb of every service."""

from __future__ import annotations

DONE = 0
FAILED = 1  # the reason is on standard error
WRONG_USAGE = 2  # words of the command line that are not understood
WRONG_SETTINGS = 78  # a setting that has to be changed first (sysexits.h: EX_CONFIG); one line names it
