"""An imaginary service with logbooks, for tests of what all services share."""
