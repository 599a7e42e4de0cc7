"""What is there: files with their digests and modes, and a database at rest."""
