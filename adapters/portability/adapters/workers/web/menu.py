"""The menu of who is signed in: an address and the key of its words, the most wanted first.

The first stands open beside the menu, so that all of it takes one row of a small screen; a browser opens the rest
without a script.
"""

__all__ = ["MENU"]

MENU = (
    ("/cases", "nav.cases"),
    ("/messages", "nav.messages"),
    ("/career", "nav.career"),
    ("/decisions", "nav.decisions"),
    ("/disputes", "nav.disputes"),
    ("/what-if", "nav.what_if"),
    ("/certificates", "nav.certificates"),
    ("/people", "nav.mandates"),
    ("/voice", "nav.voice"),
    ("/preferences", "nav.preferences"),
)
