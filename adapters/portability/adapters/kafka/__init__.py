"""Apache Kafka: the event stream of production."""
