"""Publishes events and consumes them, by Kafka or by HTTP; keeps dead letters."""
