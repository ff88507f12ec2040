"""The PostgreSQL door: protocol, sessions, encoders, sockets."""
