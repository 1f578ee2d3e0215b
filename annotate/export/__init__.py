"""`annotate export`: the texts of finished runs as other trainers read them, with the images as they are."""
