"""What we want to be fast at, measured against eager and torch.compile in one run.

``python -m tests.benchmarks`` prints every table, ``python -m tests.benchmarks calls imports``
some of them, ``--check`` fails where a target is missed. These are scripts, not tests: a busy
machine makes figures, and figures do not make a suite fail.
"""
