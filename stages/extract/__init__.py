"""extract: given texts become the report, and what they speak of becomes phrases with quality and effect."""

from stages.extract.stage import Extract, ExtractConfig

__all__ = ["Extract", "ExtractConfig"]
