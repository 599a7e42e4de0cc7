"""How governance leaks are found: rules, words, texts, files, and what is suppressed."""
