"""Proof-carrying runs: doit decides nothing here on its own.

A step is *up to date* when its definition, its inputs and its outputs on disk all have
the digests that the receipt of its last run names.  The modules, in the order in which a
run meets them:

=================  ==================================================================
``graph``          steps and the edges between them; what cannot be built is refused
``trees``          what a folder holds, as one digest
``observer``       what an input or an output is right now
``definition``     what a step is: act, version, arguments, environment, tools
``receipt``        the proof that a run leaves, and where receipts are kept
``journal``        the chained record of what was started and how it ended
``state``          the index over receipts, in SQLite; rebuilt from them when broken
``trace``          the last receipt of each step, and what it claims in one digest
``judge``          up to date or not, with every reason
``staging``        where acts write, and what they wrote
``settlement``     outputs become real, wholly or not at all; recovery is the same code
``execution``      one step, from its guards to its receipt
``session``        what is open while a run or a question lasts
``recovery``       ends what a killed run had committed, undoes the rest
``engine``         a session that runs steps
``schedule``       which step may begin next, and what must not overtake what
``crew``           work that is ready, done by several threads at a time
``course``         what becomes of each step of one run
``selection``      what the names on a command line stand for
``plan``           what would run, what may, what waits, what would be refused
``audit``          `doit verify`: believes nothing, reads everything
``heads``          a signed head of the journal, which shows what was cut off
``amends``         accept, set-aside, recover: the recorded ways out
``picture``        the graph as Mermaid, DOT or JSON
``tracing``        what an act touched undeclared
``reporter``       what a person sees: lines, progress, JSON, JUnit, events
``binding``        steps as doit tasks, and the manager that doit is given
``mixed``          a run in which doit says what comes next: our tasks and others
``commands``       the commands that a user types
``settings``       ``config/sealwright.yaml``, and the contracts that it names
``doorway``        what a repository's dodo.py calls
=================  ==================================================================

Only ``binding``, ``commands``, ``mixed``, ``reporter``, ``doorway`` and ``__main__`` know doit.
"""
