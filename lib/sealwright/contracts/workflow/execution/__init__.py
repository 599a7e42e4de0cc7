"""A task is carried out in a private clone, and one commit lands on the target, or none.

==============  ==================================================================================
module          what happens there
==============  ==================================================================================
`clone`         the target's approved commit, with objects, refs and configuration of its own
`backend`       a foreign program works on a copy of the clone, in the sandbox
`examination`   the copy is compared with the clone: what is in no envelope is a finding
`proposal`      the files that changed become a tree, a patch and a commit, all made by us
`validation`    the packet's command looks at that tree, in the sandbox, and changes nothing of it
`landing`       the commit arrives at the target whole, or not at all; `reject` takes it back
`settling`      how a landing ends, killed or not
`standing`      what a repository is apart from its files, for a look before and one after
==============  ==================================================================================

No program of others ever works in the clone or in the target, and no git of ours ever runs where
one has worked: its configuration could name programs.  A folder that comes back from the sandbox
is only read, as bytes.
"""
