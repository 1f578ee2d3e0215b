"""Language models, with or without eyes: what is asked, who answers, and what counts as an answer."""
