"""Clusters at work: what runs them, who gets in, what goes where."""
