"""The deadline ledger of every service: deadlines made from facts, their list, notices, and queries."""
