"""The exchange: messages submitted, bundled, sealed, delivered once, and receipted."""
