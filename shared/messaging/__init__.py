"""Kafka, and the feed that stands in for it on one machine: relay out, consumer in, dead letters."""
