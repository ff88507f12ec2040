"""The server: doors (PostgreSQL wire, HTTP), authentication, the path of a statement, and the command line."""
