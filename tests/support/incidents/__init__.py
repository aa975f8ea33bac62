"""The incidents service in the states that tests start from."""
