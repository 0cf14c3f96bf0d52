"""What outlives a run: Delta tables and files under one root, local or s3://."""
