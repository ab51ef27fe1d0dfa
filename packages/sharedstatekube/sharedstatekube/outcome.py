"""How a step's Job ended, in words."""

# Reasons for which a container does not start, and never will as it is written.
HOPELESS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError"}

# Containers beside the step's: they say themselves what is wrong.
STAGE_IN, STAGE_OUT = "stage-in", "stage-out"


def ended(job):
    """None while it runs, else whether it succeeded."""
    for condition in job.status.conditions or []:
        if condition.status == "True" and condition.type in ("Complete", "Failed"):
            return condition.type == "Complete"
    return None


def reason(job, pods, resources):
    """Why it failed: what its container ended with, or else what Kubernetes says of the pod or of the Job."""
    for pod in pods:
        for status in (pod.status.container_statuses or []) + (pod.status.init_container_statuses or []):
            state = status.state.terminated if status.state else None
            if state and state.exit_code != 0:
                if status.name in (STAGE_IN, STAGE_OUT):
                    said = (state.message or "").strip().splitlines()
                    return "%s: %s" % (status.name, said[-1] if said else "exit code %d" % state.exit_code)
                if state.reason == "OOMKilled":
                    return "OOMKilled: over its memory limit of %s" % resources.get("limits", {}).get("memory", "the node")
                return "exit code %d%s" % (state.exit_code, " (%s)" % state.reason if state.reason not in (None, "Error") else "")
    for condition in job.status.conditions or []:
        if condition.type == "Failed" and condition.reason == "DeadlineExceeded":
            return "DeadlineExceeded: longer than %s s" % job.spec.active_deadline_seconds
    for pod in pods:
        if pod.status.reason or pod.status.message:
            return ": ".join(each for each in (pod.status.reason, pod.status.message) if each)
        for condition in pod.status.conditions or []:
            if condition.type == "DisruptionTarget" and condition.status == "True":
                return "%s: %s" % (condition.reason, condition.message)
    for condition in job.status.conditions or []:
        if condition.type == "Failed":
            return "%s: %s" % (condition.reason, condition.message)
    return "unknown"


def hindrance(pods):
    """What keeps a container from starting, if it is in what was asked for."""
    for pod in pods:
        for status in (pod.status.container_statuses or []) + (pod.status.init_container_statuses or []):
            waiting = status.state.waiting if status.state else None
            if waiting and waiting.reason in HOPELESS:
                return "%s: %s" % (waiting.reason, waiting.message or status.image)
    return None
