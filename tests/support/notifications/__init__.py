"""The notifications service in the states that tests start from."""
