"""PostgreSQL, Kafka and mail servers, from wherever they come, and free ports."""
