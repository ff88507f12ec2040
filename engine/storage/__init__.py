"""Where tables' files lie: folders of this machine, and S3-compatible stores. What is in them is elsewhere."""
