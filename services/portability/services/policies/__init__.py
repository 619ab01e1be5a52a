"""Who may do what, as Cedar text: `access.cedarschema` names every RPC, `access.cedar` says who may call it and why.

Both are read by people first. An adapter evaluates them (`portability.adapters.access.cedar`); no service does.
"""
