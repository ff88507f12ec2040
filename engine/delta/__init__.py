"""Delta tables through deltalake: snapshots, writes, transactions, maintenance. SELECT is `engine.embedded`."""
