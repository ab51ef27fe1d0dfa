#!/usr/bin/env python3
"""Runs a command as jobs of a pool, from anywhere, and fetches what it wrote.

    submit.py ACCESS_POINT COUNT [GROUP] -- COMMAND [ARGUMENT ...]

HTCondor's bindings read the same configuration as its tools do. Two things are the user's own:

    ~/.condor/user_config      COLLECTOR_HOST = condor.cern.ch
    ~/.condor/tokens.d/token   the token, which nobody else may read

Nothing has to be reached here: the access point keeps the files until they are fetched.
"""

import sys
import time

import htcondor2 as htcondor

COMPLETED = 4
HELD = 5


def submit(schedd, command, count, group):
    """Submits the jobs and sends their input; returns the number of their cluster."""
    job = {
        "executable": command[0],
        "arguments": " ".join(command[1:]),
        "transfer_executable": "false",
        "should_transfer_files": "yes",
        "output": "out.$(Cluster).$(Process)",
        "error": "err.$(Cluster).$(Process)",
        "log": "log.$(Cluster)",
        "request_cpus": "1",
        "request_memory": "100",
        "request_disk": "1024",
    }
    if group:
        job["accounting_group"] = group
    result = schedd.submit(htcondor.Submit(job), count=count, spool=True)
    schedd.spool(result)
    return result.cluster()


def wait(schedd, cluster):
    """Waits until all jobs are done. One that is held waits for a person: it says why."""
    while True:
        jobs = schedd.query(f"ClusterId == {cluster}", projection=["ProcId", "JobStatus", "HoldReason", "HoldReasonCode"])
        # held to wait for its input, which is on its way
        held = [job for job in jobs if job["JobStatus"] == HELD and job.get("HoldReasonCode") != 16]
        if held:
            sys.exit(f"job {cluster}.{held[0]['ProcId']} is held: {held[0].get('HoldReason')}")
        if all(job["JobStatus"] == COMPLETED for job in jobs):
            return
        time.sleep(2)


def main(arguments):
    options, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    access_point, count = options[0], int(options[1])
    group = options[2] if len(options) > 2 else None

    schedd = htcondor.Schedd(htcondor.Collector().locate(htcondor.DaemonType.Schedd, access_point))
    cluster = submit(schedd, command, count, group)
    print(f"cluster {cluster}", flush=True)
    wait(schedd, cluster)
    schedd.retrieve(f"ClusterId == {cluster}")
    # jobs whose output hasn't been fetched stay in the queue for ten days
    schedd.act(htcondor.JobAction.Remove, f"ClusterId == {cluster}")


if __name__ == "__main__":
    if "--" not in sys.argv or sys.argv.index("--") < 3:
        sys.exit(__doc__)
    main(sys.argv[1:])
