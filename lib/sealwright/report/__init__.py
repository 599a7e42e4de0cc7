"""The control surface: a report that shows everything, and can trigger nothing.

``telling.told(settings)`` is the report as plain data, ``page.page(report)`` is it as one file of
HTML.  Both tell the same; ``inv report`` writes them (see `sealwright.menu.reporting`)::

    {"approvals":[…],   what is waited for: where, exact text, command, how by hand
     "attempt":…,       where the contract coo stands: number, state, frozen; or null
     "checksums":[…],   digest and path of every receipt, and of every file that one names
     "contracts":[…],   those in force
     "format":"sealwright/report/1",
     "gates":{…},       A to F with results, findings and waivers
     "history":{…},     the last entries of the run journal
     "notices":[…],     what the engine noticed about its own index
     "proofs":[…],      every output that is evidence, with the command that checks it
     "replays":[…],     what can be played again
     "repository":{…},  commit, its time, how many paths differ from it
     "signatures":[…],  what is signed, with the command for gpg
     "steps":[…],       every step: status, reasons, message, what comes before it, its last
                        receipt with inputs and outputs
     "summary":{…},     how many steps are in each status
     "unknown":[…],     receipts of steps that no contract in force has
     "waivers":[…],     what is not asked for, and why
     "ways_back":[…],   steps that are in no chain, and how governed runs are taken back
     "workflows":[…]}   what governed runs left

It is canonical JSON; ``config/schemas/report.json`` is its schema.  The engine's plan says which
step is stale, waits or is refused: a report decides nothing.  There is no clock in it but those of
receipts and journal, and no place outside of the repository, so the same state has the same
bytes wherever it lies.

=================  ==================================================================
``telling``        everything, put together
``status``         every step with its status
``history``        the run journal
``approvals``      what is waited for
``gates``          the results of gates A to F
``governance``     what the contract coo adds
``evidence``       digests, and the commands that check them
``workflows``      what governed runs left
``accounts``       what a person asks first of one
``ways``           replays and ways back
``wording``        text that is the same in every folder
``page``           the page
``findings``       its sections on refusals, approvals, contracts, gates, waivers
``steps``          its sections on the graph and the steps
``proof``          its sections on evidence, history, ways back
``parts``          steps in parts that a person can look at
``lanes``          where the arrows of a picture run
``drawing``        the picture
``markup``         nothing that somebody else wrote is ever markup
``style``          how it looks
``script``         search, and light or dark
``publication``    where a report may be written
=================  ==================================================================
"""
