"""The local system: its folders, ports, database, mailbox, and the processes of the services."""
