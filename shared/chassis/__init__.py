"""What every service's processes have in common: a ``ServiceDefinition`` becomes processes and verbs.

services/NAME/bootstrap.py   names what is the service's own: one ``ServiceDefinition``
services/NAME/__main__.py    its command line: the common verbs, and its own
"""
