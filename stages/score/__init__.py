"""Quality scores of regions and images."""

from stages.score.grades import grades_of, quality_word
from stages.score.score import ScoreConfig, ScoreStage

__all__ = ["ScoreConfig", "ScoreStage", "grades_of", "quality_word"]
