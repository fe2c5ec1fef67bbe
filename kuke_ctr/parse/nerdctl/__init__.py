"""What nerdctl printed with `--format json` or `--mode native`: pure functions, never its tables.

Keys that are not known are passed over: each version has new ones. A value of another type or form
than 1.7 and 2.x have makes the row a refused one.
"""
