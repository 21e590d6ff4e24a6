"""Runs first on every start. Nothing to choose yet: one copy of the app, in the root of the flash."""
