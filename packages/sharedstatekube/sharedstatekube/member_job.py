"""A step's Job in another cluster: its directories are the pod's own, and are filled and emptied by the staging server's files."""
import inspect
import json

from . import stage
from .outcome import STAGE_IN, STAGE_OUT
from .step_job import PAYLOAD, STATE

# Who waits for the command's end has the other end of this pipe; it is closed however the container ends. The command itself doesn't get it, or what
# it leaves behind would keep it open.
ALIVE = """exec 9>%s/alive || exit 1
"$@" 9>&-
""" % stage.CONTROL

RESOURCES = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def member_job(job, step, root, staging, token, settings):
    """The Job of a step that has a shared volume, for a cluster without it."""
    template = job["spec"]["template"]["spec"]
    [payload] = template["containers"]
    data = {"name": STATE, "mountPath": root}
    control = {"name": "wflow", "mountPath": stage.CONTROL}
    parameters = [dict(mount, name="wflow", subPath="parameters/" + mount["subPath"]) for mount in payload["volumeMounts"] if mount["name"] == "parameters"]
    others = [mount for mount in payload["volumeMounts"] if mount["name"] not in (STATE, "parameters")]
    payload["command"] = ["sh", "-c", ALIVE, "sh"] + payload["command"]
    payload["volumeMounts"] = [data, control] + parameters + others

    def moved(name, *arguments):
        variables = {"WFLOW_STAGING_URL": "%s/%s" % (staging.url, token), "WFLOW_STAGING_PATIENCE": str(2 * settings["loss_timeout_seconds"])}
        if staging.authorities:
            variables["WFLOW_STAGING_AUTHORITIES"] = staging.authorities
        return dict({
            "name": name, "image": settings["image"], "command": ["python3", "-c", inspect.getsource(stage)] + list(arguments),
            "env": [{"name": variable, "value": value} for variable, value in variables.items()], "resources": RESOURCES, "volumeMounts": [data, control],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }, **({"securityContext": payload["securityContext"]} if "securityContext" in payload else {}))

    written = json.dumps([staging.relative(path) for path in sorted(set(step["state"].readwrite))])
    template["initContainers"] = [moved(STAGE_IN, "in", root, "")]
    template["containers"] = [payload, moved(STAGE_OUT, "out", root, written)]
    scratch = {"sizeLimit": settings["scratch_size"]} if settings.get("scratch_size") else {}
    template["volumes"] = [{"name": STATE, "emptyDir": scratch}, {"name": "wflow", "emptyDir": {}}] + [
        volume for volume in template["volumes"] if volume["name"] not in (STATE, "parameters")]
    return job


def never_began(pod):
    """Whether the command's container could not begin, so that who waits for its end waits for ever."""
    for status in pod.status.container_statuses or []:
        if status.name == PAYLOAD and status.state and status.state.terminated:
            return status.state.terminated.reason in ("StartError", "ContainerCannotRun")
    return False
