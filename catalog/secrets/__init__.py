"""Secrets of tenants: kept sealed in the metadata store, or read from elsewhere when they are needed."""
