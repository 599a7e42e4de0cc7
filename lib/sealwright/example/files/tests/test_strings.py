import pytest

from project_builder import slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Wire the house", "wire-the-house"),
        ("  outer   spaces  ", "outer-spaces"),
        ("C++ & more", "c-more"),
        ("", ""),
    ],
)
def test_a_slug_has_letters_digits_and_single_hyphens(text, slug):
    assert slugify(text) == slug
