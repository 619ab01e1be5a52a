"""The law core: agreements and legislation as dated, cited rules, evaluated by pure functions.

No I/O, no clock, no random, no float, no protobuf: everything arrives as an argument.
"""
