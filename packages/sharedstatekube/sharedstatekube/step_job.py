"""A step as a Kubernetes Job."""
import os
import shlex

PAYLOAD = "payload"
STATE = "packtivitystate"
STEP = "cdk8s-hep/step"

# A step's output goes to the container's log and to the file that Yadage's users know, and the container ends as the command does:
# the status of a pipe is that of its last command. Where an image has no tee, there is the container's log alone.
# The engine, whose group steps have, takes away what they have written, whatever their user.
LOGGED = """umask 0002
mkdir -p "$(dirname "$0")" 2>/dev/null
if command -v tee >/dev/null 2>&1 && : >"$0"; then
  exec 3>&1
  status=$( { { "$@" 2>&1 3>&- 4>&-; echo $? >&4; } | tee "$0" >&3 4>&-; } 4>&1 )
  exit "$status"
fi
exec "$@"
"""


def command(job, environment):
    """What runs in the container: the step's command, or its script by its interpreter."""
    setup = ". %s && " % environment["envscript"] if environment.get("envscript") else ""
    if "command" in job:
        return ["sh", "-c", setup + job["command"]]
    # a here-document would end where the script has the same line; this is data
    return ["sh", "-c", setup + "printf %s " + shlex.quote(job["script"]) + " | " + job["interpreter"]]


def state_mounts(options, state):
    """The volume of the step's directories, and where each is: at the path that it has in the engine."""
    if options.stateopts.get("type", "hostpath") == "hostpath":
        paths = sorted(set(state.readwrite + state.readonly))
        volumes = [{"name": "%s%d" % (STATE, n), "hostPath": {"path": path, "type": "Directory"}} for n, path in enumerate(paths)]
        mounts = [{"name": volume["name"], "mountPath": volume["hostPath"]["path"]} for volume in volumes]
    else:
        base = options.stateopts["shared_mount"]
        prefix = options.stateopts.get("sub_path", "")
        mounts = []
        for path in sorted(set(state.readwrite + state.readonly)):
            relative = os.path.relpath(path, base)
            if relative == "." or relative.startswith(".."):
                raise ValueError("the step's directory %s is not below the shared volume's %s" % (path, base))
            mounts.append({"name": STATE, "mountPath": path, "subPath": os.path.join(prefix, relative)})
        volumes = [dict({"name": STATE}, **options.stateopts["shared_volume"])] if mounts else []
    writable = set(state.readwrite)
    # a directory inside of one that is written is written, too
    for mount in mounts:
        if not any(mount["mountPath"] == path or mount["mountPath"].startswith(path + "/") for path in writable):
            mount["readOnly"] = True
    return volumes, mounts


def parameter_files(name, environment):
    """The files that the environment wants filled with parameters (par_mounts): a ConfigMap, its volume and where each file is."""
    wanted = environment.get("par_mounts") or []
    if not wanted:
        return None, [], []
    data = {"file%d" % n: each["mountcontent"] for n, each in enumerate(wanted)}
    mounts = [{"name": "parameters", "mountPath": each["mountpath"], "subPath": "file%d" % n, "readOnly": True} for n, each in enumerate(wanted)]
    return data, [{"name": "parameters", "configMap": {"name": name}}], mounts


def resources_of(environment):
    """What the environment's `resources` say: names, and settings of REANA's dialect."""
    names, settings = set(), {}
    for each in environment.get("resources") or []:
        if isinstance(each, dict):
            settings.update(each)
        else:
            names.add(each)
    return names, settings


def container_resources(options, settings):
    """The pod's requests and limits: those of the options, with what the step says of itself."""
    resources = {kind: dict(values) for kind, values in options.resources_opts.items()}
    for key, resource in (("kubernetes_memory", "memory"), ("kubernetes_cpu", "cpu")):
        for kind, suffix in (("requests", "request"), ("limits", "limit")):
            value = settings.get("%s_%s" % (key, suffix))
            if value is not None:
                resources.setdefault(kind, {})[resource] = str(value)
        limit, request = resources.get("limits", {}).get(resource), settings.get(key + "_request")
        # a request above its limit is refused; one that the step did not make gives way
        if settings.get(key + "_limit") is not None and request is None and resource in resources.get("requests", {}):
            resources["requests"][resource] = limit
    return resources


def special_mounts(options, names):
    """CVMFS' repositories and the user's credentials, for steps that name them."""
    volumes, mounts = [], []
    if "CVMFS" in names:
        if not options.cvmfs:
            raise ValueError("the step wants CVMFS, and backendopts say no repository")
        for number, (repository, source) in enumerate(sorted(options.cvmfs.items())):
            volumes.append(dict({"name": "cvmfs%d" % number}, **source))
            mounts.append({
                "name": "cvmfs%d" % number, "mountPath": "/cvmfs/" + repository, "readOnly": True, "mountPropagation": "HostToContainer"})
    wanted = names & {"GRIDProxy", "KRB5Auth"}
    if wanted:
        if not options.auth:
            raise ValueError("the step wants %s, and backendopts say no Secret" % ", ".join(sorted(wanted)))
        volumes.append({"name": "hepauth", "secret": {"secretName": options.auth, "defaultMode": 0o555}})
        mounts.append({"name": "hepauth", "mountPath": "/recast_auth", "readOnly": True})
    return volumes, mounts


def selector(options, wflowid):
    """What selects the steps of one workflow: the labels that all of them have."""
    common = {key: value for key, value in options.resource_labels.items() if "{jobid}" not in str(value)}
    return ",".join("%s=%s" % each for each in dict(common, **({"wflowid": wflowid} if wflowid else {})).items())


def step_job(options, jobid, step, owner, wflowid):
    """The Job of a step, and the ConfigMap that it needs, or None."""
    job, environment, state = step["job"], step["env"], step["state"]
    if environment.get("environment_type") != "docker-encapsulated":
        raise ValueError("the step's environment_type is %r; a Job needs docker-encapsulated" % environment.get("environment_type"))
    name = "wflow-job-" + jobid
    step_name = step["metadata"]["name"]
    names, settings = resources_of(environment)
    data, parameter_volumes, parameter_mounts = parameter_files(name, environment)
    volumes, mounts = state_mounts(options, state)
    special_volumes, special = special_mounts(options, names)
    labels = {key: str(value).format(jobid=jobid) for key, value in options.resource_labels.items()}
    if wflowid:
        labels["wflowid"] = wflowid
    metadata = {"name": name, "labels": labels, "annotations": {STEP: step_name}}
    if owner:
        metadata["ownerReferences"] = [owner]
    log = os.path.join(state.metadir, step_name + ".run.log") if state.metadir else "/dev/null"
    container = {
        "name": PAYLOAD,
        "image": "%s:%s" % (environment["image"], environment["imagetag"]) if environment.get("imagetag") else environment["image"],
        "command": ["sh", "-c", LOGGED, log] + command(job, environment),
        "resources": container_resources(options, settings),
        "volumeMounts": mounts + parameter_mounts + special,
    }
    if environment.get("workdir"):
        container["workingDir"] = environment["workdir"]
    if options.container_security:
        container["securityContext"] = options.container_security
    pod = dict({"automountServiceAccountToken": False, "enableServiceLinks": False, "restartPolicy": "Never"}, **options.pod)
    if settings.get("kubernetes_uid") is not None:
        pod["securityContext"] = dict(pod.get("securityContext", {}), runAsUser=int(settings["kubernetes_uid"]))
    if options.svcaccount:
        pod["serviceAccountName"] = options.svcaccount
    if options.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": secret} for secret in options.image_pull_secrets]
    pod["containers"] = [container]
    pod["volumes"] = volumes + parameter_volumes + special_volumes
    spec = {"backoffLimit": 0, "template": {"metadata": {"labels": labels, "annotations": {STEP: step_name}}, "spec": pod}}
    if options.ttl_seconds_after_finished is not None:
        spec["ttlSecondsAfterFinished"] = options.ttl_seconds_after_finished
    if options.active_deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = options.active_deadline_seconds
    if options.queue_name:
        metadata = dict(metadata, labels=dict(labels, **{"kueue.x-k8s.io/queue-name": options.queue_name}))
        spec["suspend"] = True
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
    files = data and {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    return body, files
