"""A backend by its Python name, with options, as the site's is."""

from packtivity.asyncbackends import MultiProcBackend


def backend(processes):
    return MultiProcBackend(processes)
