"""Messages, directory entries, recipients and retries of mails; no IO and no clock of its own."""
