"""The command line: one file per noun. It parses, calls the room, and renders; it decides nothing."""
