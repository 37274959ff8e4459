"""What is chosen for a model to read, before it is asked."""
