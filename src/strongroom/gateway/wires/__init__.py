"""One table per provider wire: what every field of it is. The tables drive the code, the tests and the docs.

Must never: contain code that looks at values; a table only says which kind of place a field is.
"""
