"""filter: which regions the labels may use, by the rule of detect-first or of text-first work."""

from stages.filter.config import FilterConfig
from stages.filter.stage import Filter
from stages.filter.standing_out import salience

__all__ = ["Filter", "FilterConfig", "salience"]
