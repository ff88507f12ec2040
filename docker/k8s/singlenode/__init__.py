"""Kubernetes on one machine, to try and to test: built from Go modules, run without Docker. Standard library only."""
