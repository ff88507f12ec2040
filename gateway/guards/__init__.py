"""Guards: functions that may refuse a call before it runs."""
