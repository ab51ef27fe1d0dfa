"""The backend's options: what /yadageconfig/backendopts may say."""
import os

HERE = "kubernetes"
"""The compute backend that is always there: Jobs of the engine's own cluster. It is called so in REANA."""

KNOWN = {
    "namespace": "default",
    "incluster": False,
    "kubeconfigloc": None,
    "stateopts": {"type": "hostpath"},
    "resource_labels": {"component": "wflow-job", "jobid": "{jobid}"},
    "resources_opts": {"requests": {"memory": "0.1Gi", "cpu": "100m"}},
    "svcaccount": None,
    "image_pull_secrets": [],
    "pod": {},
    "container_security": {},
    "ttl_seconds_after_finished": 86400,
    "active_deadline_seconds": None,
    "start_patience_seconds": 600,
    "queue_name": None,
    "auth": None,
    "cvmfs": {},
    "compute_backend": HERE,
    "compute_backends": {},
}


class Options:
    """What was given, and the default of what was not. Refuses what is not known: a misspelt option would be silently without effect."""

    def __init__(self, **given):
        unknown = sorted(set(given) - set(KNOWN))
        if unknown:
            raise ValueError("backendopts: unknown %s; known are %s" % (", ".join(unknown), ", ".join(sorted(KNOWN))))
        for name, default in KNOWN.items():
            setattr(self, name, given.get(name, default))
        kind = self.stateopts.get("type", "hostpath")
        if kind not in ("hostpath", "sharedvol"):
            raise ValueError("backendopts: stateopts.type is %r; known are hostpath, sharedvol" % kind)
        if kind == "sharedvol":
            missing = [key for key in ("shared_mount", "shared_volume") if key not in self.stateopts]
            if missing:
                raise ValueError("backendopts: stateopts lacks %s" % ", ".join(missing))
            self.stateopts = dict(self.stateopts, shared_mount=os.path.realpath(self.stateopts["shared_mount"]))
