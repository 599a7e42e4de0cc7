import strings
from src.strings import slugify


def test_words_are_joined_by_hyphens():
    assert slugify("Wire the house") == "wire-the-house"


def test_both_ways_agree_on_words():
    assert slugify("Put on the roof") == strings.slugify("Put on the roof")
