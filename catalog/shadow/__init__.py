"""The shadow catalog: one embedded PostgreSQL per tenant that holds an empty shell of each of its tables.

It answers catalog queries, describes statements, checks rights and interprets DDL. It is a disposable copy of the
metadata store; nothing here talks to the store or to Delta tables.
"""
