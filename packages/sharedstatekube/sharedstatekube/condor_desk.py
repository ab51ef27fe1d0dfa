"""What is asked of HTCondor, in a process of its own: `python3 condor_desk.py <question`, and the answer is JSON as well.

HTCondor's library lets no other thread of its process run while it waits for an answer or carries files, and ends the process when it fails.
This file is run as it is, and imports nothing of its package: that would load all of Yadage.
"""
import json
import os
import sys

sys.path = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]

ATTRIBUTES = [
    "ClusterId", "WflowJob", "JobStatus", "ExitCode", "ExitBySignal", "ExitSignal", "HoldReason", "HoldReasonCode", "NumJobStarts", "RemoteHost",
    "LastRemoteHost", "RemoveReason",
]

REMOVED, COMPLETED = 3, 4


class Desk:
    """An access point, and the jobs of one engine there."""

    def __init__(self, htcondor, classad, collectors, access_point, engine):
        self.htcondor, self.classad, self.engine = htcondor, classad, engine
        self.schedd = htcondor.Schedd(self.located(collectors, access_point))

    def located(self, collectors, access_point):
        for index, collector in enumerate(collectors):
            try:
                return self.htcondor.Collector(collector).locate(self.htcondor.DaemonType.Schedd, access_point)
            except Exception:
                if index == len(collectors) - 1:
                    raise

    def mine(self, job=None):
        """The engine's jobs, or one of them, as an expression."""
        own = "WflowEngine =?= %s" % self.classad.quote(self.engine)
        return own if job is None else "%s && WflowJob =?= %s" % (own, self.classad.quote(job))

    def submit(self, job, commands):
        """Submits a job with its files, once: what an answer that got lost has left is found, and either goes on or is taken away."""
        for found in self.schedd.query(self.mine(job), projection=["ClusterId", "StageInFinish", "JobStatus"]):
            if "StageInFinish" in found and found["JobStatus"] != REMOVED:
                return {"cluster": found["ClusterId"]}
            self.remove(found["ClusterId"])
        try:
            result = self.schedd.submit(self.htcondor.Submit(commands), spool=True)
        except Exception as error:
            raise Refused(str(error)) from error
        self.schedd.spool(result)
        return {"cluster": result.cluster()}

    def look(self, clusters, until):
        """All jobs, and what became of those that are gone; those that are there stay until then."""
        jobs = {ad["ClusterId"]: plain(ad) for ad in self.schedd.query(self.mine(), projection=ATTRIBUTES)}
        if jobs and until is not None:
            # running jobs hear of it too
            self.schedd.edit(self.mine(), "WflowUntil", str(until), self.htcondor.TransactionFlag.SetDirty)
        for cluster in clusters:
            if cluster not in jobs:
                past = [plain(ad) for ad in self.schedd.history("ClusterId == %d" % cluster, ATTRIBUTES, 1)]
                jobs[cluster] = past[0] if past else {"ClusterId": cluster, "JobStatus": REMOVED}
        return {"jobs": list(jobs.values())}

    def fetch(self, cluster, outputs):
        """Brings back what a job has written, and not what was brought to it in the same directories."""
        self.schedd.edit("ClusterId == %d" % cluster, "SpooledOutputFiles", self.classad.quote(",".join(outputs)))
        self.schedd.retrieve("%d.0" % cluster)
        return {}

    def remove(self, cluster=None):
        """Takes a job out of the queue, or all."""
        which = self.mine() if cluster is None else "ClusterId == %d" % cluster
        self.schedd.act(self.htcondor.JobAction.Remove, which, "its engine doesn't need it any more")
        return {}


class Refused(Exception):
    """HTCondor has answered, and asking again would change nothing."""


def plain(ad):
    return {name: ad[name] for name in ATTRIBUTES if name in ad and isinstance(ad[name], (str, bool, int, float))}


def answer(question):
    import classad2
    import htcondor2
    desk = Desk(htcondor2, classad2, question["collectors"], question["access_point"], question["engine"])
    return getattr(desk, question["do"])(**question["of"])


if __name__ == "__main__":
    try:
        said = answer(json.load(sys.stdin))
    except ImportError as error:
        said = {"error": "the engine's image has no HTCondor: %s" % error, "passes": False}
    except Refused as error:
        said = {"error": str(error), "passes": False}
    except Exception as error:
        said = {"error": "%s: %s" % (type(error).__name__, error), "passes": True}
    json.dump(said, sys.stdout)
