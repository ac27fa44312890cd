"""Random programs, run in eager and under the compiler, compared in everything a user can see.

- `grammar`: what programs are made of, as tables of weighted productions;
- `generator`: expands the tables into programs (a hypothesis strategy, so failures shrink);
- `oracle`: runs one program twice, in eager and compiled, and says how the outcomes differ.
"""
