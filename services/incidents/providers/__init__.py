"""The ports of the application, on PostgreSQL and AES: the vault of SSIDs and the case numbers."""
