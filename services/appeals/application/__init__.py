"""The use cases of appeals: one method per command or query. They know no web, SQL or broker."""
