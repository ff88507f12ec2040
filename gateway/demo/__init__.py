"""Sample data in the shape of the TPC-H benchmark, generated here, and how it gets into a running server."""
