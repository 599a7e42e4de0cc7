"""Names that are safe in a path, as they have been made for years."""


def slugify(text):
    """Return the words of ``text`` in lower case, with single hyphens between them."""
    return "-".join(text.lower().split())
