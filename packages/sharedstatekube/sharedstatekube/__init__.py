"""Yadage's steps as Kubernetes Jobs on a volume that they share with the engine.

    PACKTIVITY_ASYNCBACKEND_OPTS=/yadageconfig/backendopts yadage-run ... -b py:sharedstatekube:backend
    YADAGE_CUSTOM_TRACKER=sharedstatekube:StateTracker
"""
from .backend import SharedStateBackend as backend
from .state import StateTracker

__all__ = ["backend", "StateTracker"]
