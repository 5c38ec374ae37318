"""A run's documents become a report: a value, and the page and the JSON made of it. Pure but for the documents it reads."""
