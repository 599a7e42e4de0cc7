"""The unified import update: references to the legacy package, found and replaced byte for byte.

What decides is named in the plan and counted:

====  ================================================================================
R1    an import statement: the first segment of ``import old.x`` and ``from old.x import y``
R2    a name in a scope that binds it by ``import old`` alone, and in its ``__all__``
R3    a string's dotted path that is there: a module, or a name bound at its top level
R4    ``old`` where a call, argument or message of Python's takes the name of a module
R5    a prefix ``old.`` that code completes: f-string, format, ``+``, ``startswith``
R6    code in strings: source text, doctest examples with what they print, import lines
R7    annotations in strings, and type comments
R8    paths ``old/…`` of files that are there, also in ``join`` and ``Path / "old"``
R9    configuration, by key; R10: build back ends that derive the module's name
H1    a name bound by ``import old`` and by something else: refused
H2    a use at which the new name means something else already: refused
H3    pickles and other formats whose bytes are more than text
H4    a file that mentions ``old`` and cannot be decoded: it can only be kept; one that cannot
      be parsed: it is kept, or rewritten by its lines
H5    a link that names ``old`` and does not lead to it: it can only be kept
====  ================================================================================
"""
