"""Published events out and in, by Kafka or by HTTP: publishing, consuming, dead letters."""
