"""One file for each statement of the gateway's own; `registry` finds them by itself."""
