"""question: GIQA-VQA pairs and IQA-Spider questions whose answers are true by the evidence."""

from stages.question.stage import Ask, AskConfig

__all__ = ["Ask", "AskConfig"]
