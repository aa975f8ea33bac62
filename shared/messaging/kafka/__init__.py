"""Kafka: the cluster, its topics, sending, and a consumer group as a feed."""
