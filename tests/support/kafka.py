"""Apache Kafka for tests: one broker per session."""
