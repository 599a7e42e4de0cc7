"""The commands that a user types: ``doit``, ``doit plan``, ``doit why``, and the others.

``run`` runs, ``questions`` answer without changing a byte, ``amends`` are the recorded ways
out.  A repository names them in its pyproject.toml (see `TABLE`), and `sealwright init`
writes those lines.
"""

TABLE = {
    "run": "sealwright.engine.commands.run:Run",
    "list": "sealwright.engine.commands.questions:List",
    "info": "sealwright.engine.commands.questions:Info",
    "plan": "sealwright.engine.commands.questions:Plan",
    "why": "sealwright.engine.commands.questions:Why",
    "verify": "sealwright.engine.commands.questions:Verify",
    "graph": "sealwright.engine.commands.questions:Graph",
    "trace": "sealwright.engine.commands.run:Trace",
    "accept": "sealwright.engine.commands.amends:Accept",
    "set-aside": "sealwright.engine.commands.amends:SetAside",
    "forget": "sealwright.engine.commands.amends:Forget",
    "clean": "sealwright.engine.commands.amends:Clean",
    "ignore": "sealwright.engine.commands.amends:Ignore",
    "reset-dep": "sealwright.engine.commands.amends:ResetDep",
}
