"""The incidents service; start with its README."""
