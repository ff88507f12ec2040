"""COPY over the wire: options, what a COPY TO STDOUT sends, what a COPY FROM STDIN brings."""
