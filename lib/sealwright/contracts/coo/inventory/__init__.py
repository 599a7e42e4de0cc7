"""What is there: files with their digests and modes, and a database at rest."""

JOURNALS = ("-wal", "-shm", "-journal")  # how what SQLite keeps beside a database ends
