"""The appeals service in the states that tests start from."""
