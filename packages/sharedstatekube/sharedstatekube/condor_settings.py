"""What backendopts say of a pool of HTCondor: `compute_backends: {NAME: {type: htcondor, ...}}`."""
import re

from .condor_job import OWN

KNOWN = {
    "type": "htcondor",
    "collectors": None,
    "access_point": None,
    "token": None,
    "unpacked_images": None,
    "requirements": None,
    "accounting_group": None,
    "submit": {},
    "disk_mebibytes": 1024,
    "loss_timeout_seconds": 600,
    "on_loss": "rerun",
    "engine_lease_seconds": 7200,
    "poll_seconds": 5,
}

NEEDED = ("collectors", "access_point", "token")


class CondorSettings:
    """What was given, and the default of what was not. Refuses what is not known."""

    def __init__(self, name, given):
        where = "backendopts: compute_backends.%s" % name
        unknown = sorted(set(given) - set(KNOWN))
        if unknown:
            raise ValueError("%s: unknown %s; known are %s" % (where, ", ".join(unknown), ", ".join(sorted(KNOWN))))
        missing = [key for key in NEEDED if not given.get(key)]
        if missing:
            raise ValueError("%s lacks %s" % (where, ", ".join(missing)))
        for key, default in KNOWN.items():
            setattr(self, key, given.get(key, default))
        if self.on_loss not in ("rerun", "fail"):
            raise ValueError("%s.on_loss is %r; known are rerun, fail" % (where, self.on_loss))
        for key, value in dict(self.submit, requirements=self.requirements or "", accounting_group=self.accounting_group or "").items():
            if not re.fullmatch(r"\+?[A-Za-z_]\w*", key) or "\n" in str(value):
                raise ValueError("%s: %s is no submit command of one line" % (where, key))
        own = sorted(key for key in self.submit if key.lower() in OWN)
        if own:
            raise ValueError("%s.submit: %s is the engine's to say" % (where, ", ".join(own)))

    @property
    def most_starts(self):
        """How often a job may begin."""
        return 2 if self.on_loss == "rerun" else 1
