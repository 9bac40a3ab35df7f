"""Importers: one module per source format, recognised by content, never by name."""
