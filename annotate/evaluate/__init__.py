"""`annotate eval` and `annotate bench make`: how well a model describes, answers and grounds image quality."""
