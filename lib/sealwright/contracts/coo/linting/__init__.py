"""How the constitution's rules are asked: rulesets, and Python by its syntax tree."""
