"""What a process is made of: settings, clock, verbs, a server or loops."""
