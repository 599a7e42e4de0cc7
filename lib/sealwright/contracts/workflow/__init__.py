"""The governed workflow: one approved task against one admitted repository, and proof of it."""
