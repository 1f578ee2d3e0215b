"""`annotate train`: fine-tune a vision-language model on the texts of finished runs, with TRL and PEFT."""
