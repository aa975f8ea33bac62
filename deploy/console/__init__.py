"""The ``stairs`` command: what one machine needs to run the three services, and to watch them work.

It calls the services only from outside: ``python -m services.<name> <verb>`` and HTTP.
"""

from __future__ import annotations


def main() -> None:
    """The console script. What a verb needs is imported when it is used, so that help is quick."""
    from deploy.console.app import app

    app()
