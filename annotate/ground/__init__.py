"""`annotate ground`: from a model's position words to a point, and from the point to a mask (IQA-Spider)."""
