"""`python -m annotate` is the console script."""

from annotate.cli import main

main()
