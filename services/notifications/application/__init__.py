"""The use cases: tell somebody, take up what is due, record what became of it, keep the directory."""
