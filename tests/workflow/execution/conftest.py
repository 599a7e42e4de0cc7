"""What the tests of the execution share."""

from tests.workflow.execution.targets import ground

__all__ = ["ground"]
