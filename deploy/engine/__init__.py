"""A container engine where there is none: podman behind Docker's API, Compose, stand-ins for base images.

What it needs comes from the machine's own package sources (Debian, PyPI, Maven, Go) by their ordinary
clients; no image registry is asked. Beside its command line (Typer) only the standard library is used.
It is part of the source tree only: neither the wheel nor the image holds it.
"""
