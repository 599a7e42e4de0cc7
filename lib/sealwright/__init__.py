"""A Make whose every step carries its proof."""

__version__ = "0.1.0.dev0"
