"""What is promised to others: events, schemas, samples, commands of the pages."""
