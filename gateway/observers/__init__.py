"""Observers: functions told once how every call ended."""
