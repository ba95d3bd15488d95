"""The command line: ``spinspike train | import | map | export | validate | demo | reproduce``.

Commands are thin: `pipeline` does the work with the packages below, `report` and `figures` show
it, `console` holds what all commands print with. Everything heavy is imported inside functions,
so that ``spinspike --help`` answers at once.
"""
