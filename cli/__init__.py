"""The command line: ``spinspike train | import | map | export | validate | demo | reproduce``.

`main` is the entry point, `commands` has the commands. They are thin: the studies do the work.
Everything heavy is imported inside functions, so that ``spinspike --help`` answers at once.
"""
