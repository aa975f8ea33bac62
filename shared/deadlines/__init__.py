"""The deadline ledger of every service: facts followed into deadlines, their list, who notices, who asks."""
