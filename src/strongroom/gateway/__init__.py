"""The gateway: provider wires in, the guard's sessions between, the same wires out.

Must never: decide anything itself, forward what it could not take apart, or rewrite a byte it did not
have to. What a field is stands in the tables of `wires`; what may be shown or restored, the guard says.
"""
