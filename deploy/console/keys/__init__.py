"""Secret files of one machine, and the bearer tokens that it signs for itself."""
