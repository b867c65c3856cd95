"""What the embedded tagger is trained and measured on: templates, value lists and the generator over them.

Not part of the package: run from the repository's root.
"""
