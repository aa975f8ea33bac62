"""Apache Kafka on one machine, and the topics of STAIRS on any cluster."""
