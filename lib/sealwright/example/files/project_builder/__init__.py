"""Plans the building of a project."""

from project_builder.plan import Circle, Plan, Task
from project_builder.strings import slugify

__all__ = ["Circle", "Plan", "Task", "slugify"]
