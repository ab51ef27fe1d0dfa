"""The engine, as its pod is told who it is."""
import os


def engine():
    """The engine's own Job, as its pod is told it: owner of what it makes, so that who deletes it deletes its steps. None outside of a pod."""
    name, uid = os.environ.get("WFLOW_ENGINE_JOB"), os.environ.get("WFLOW_ENGINE_UID")
    return {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid} if name and uid else None
