"""A vision-language model of a few million weights, made for the data it is to be trained on: `--model small`."""
