"""The launcher: everything `make run` starts on one machine, in order, watched, and stopped in order.

It runs before Django has settings: it *makes* the environment that `quarterdeck.settings` reads.
"""
