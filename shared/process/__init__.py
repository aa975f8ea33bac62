"""What a process is made of: settings, clock, verbs with their exit codes, a server or loops."""
