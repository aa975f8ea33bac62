"""``python -m deploy.console``: the same as ``stairs``, without an installation."""

from deploy.console import main

main()
