"""Bulk work on many machines, by Ray: problems of Parquet files with more columns, and a search for settings."""
