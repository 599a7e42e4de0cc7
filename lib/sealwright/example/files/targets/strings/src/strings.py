"""Names that are safe in a path."""


def slugify(text):
    """Return ``text`` in lower case, with hyphens for spaces."""
    return text.lower().replace(" ", "-")
