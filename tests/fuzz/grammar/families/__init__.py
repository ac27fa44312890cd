"""Parts of Python and torch of which a program takes a few."""
