"""describe: an author writes the report of an image that came without words (detect-first recipes)."""

from stages.describe.stage import Describe, DescribeConfig

__all__ = ["Describe", "DescribeConfig"]
