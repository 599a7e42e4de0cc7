"""What the tests of the sandbox share."""

from tests.sandbox.hostile import closed, every

__all__ = ["closed", "every"]
