"""A step as a job of HTCondor: what is submitted, and the script that runs where it runs."""
import math
import os
import re
import shlex

from .step_job import command, container_resources, resources_of

SAID = "said"
"""The file of the step's output, where the job was submitted from."""

SCRIPT = "step"
"""What runs in the container."""

OWN = {
    "accounting_group", "arguments", "batch_name", "container_image", "container_target_dir", "error", "executable", "initialdir",
    "job_lease_duration", "leave_in_queue", "log", "output", "periodic_hold", "periodic_hold_reason", "periodic_remove",
    "preserve_relative_paths", "queue", "request_cpus", "request_disk", "request_memory", "requirements", "should_transfer_files",
    "transfer_input_files", "transfer_output_files", "transfer_output_remaps", "universe", "when_to_transfer_output", "+wflowengine", "+wflowid", "+wflowjob", "+wflowstep",
    "+wflowuntil",
}
"""What nobody else says."""

UNITS = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2 ** 10, "Mi": 2 ** 20, "Gi": 2 ** 30, "Ti": 2 ** 40}

HINTS = {
    "htcondor_max_runtime": r"\d+",
    "htcondor_request_cpus": r"\d+",
    "htcondor_request_memory": r"\d+ ?([KMGT]i?B?)?",
    "htcondor_request_disk": r"\d+ ?([KMGT]i?B?)?",
}
"""What a step may say of itself, as in REANA, and how."""

# A reference may not end the line that it is in, nor be an expression of HTCondor's.
IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]*")
DIRECTORY = re.compile(r"[\w./@+=:-]+")


def quantity(text):
    """A quantity as Kubernetes writes it: 500m, 2Gi."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text))
    if not found or found[2] not in UNITS:
        raise ValueError("%r is no quantity such as 500m or 2Gi" % (text,))
    return float(found[1]) * UNITS[found[2]]


def hints(said):
    """What the step says of HTCondor, in its `resources`. What isn't known is refused: it would be silently without effect."""
    given = {key: str(value) for key, value in said.items() if key.startswith("htcondor_")}
    for key, value in given.items():
        if key not in HINTS:
            raise ValueError("%s is not for steps to say; known are %s" % (key, ", ".join(sorted(HINTS))))
        if not re.fullmatch(HINTS[key], value):
            raise ValueError("%s is %r, which is none" % (key, value))
    return given


def requests(options, said):
    """Cores, and MiB of memory, of what a pod would request; of memory its limit, since that is what it may have."""
    resources = container_resources(options, said)
    asked, limits = resources.get("requests", {}), resources.get("limits", {})
    cpu, memory = asked.get("cpu", limits.get("cpu")), limits.get("memory", asked.get("memory"))
    return {
        **({"request_cpus": str(max(1, math.ceil(quantity(cpu))))} if cpu is not None else {}),
        **({"request_memory": "%d" % max(1, math.ceil(quantity(memory) / 2 ** 20))} if memory is not None else {}),
    }


def container_image(settings, environment, said):
    """Where machines find the image: in a registry, or unpacked in a file system that all of them have."""
    image = "%s:%s" % (environment["image"], environment["imagetag"]) if environment.get("imagetag") else environment["image"]
    if not IMAGE.fullmatch(image):
        raise ValueError("%r is no reference of an image" % image)
    unpacked = said.get("unpacked_img", settings.unpacked_images is not None)
    if not unpacked:
        return "docker://" + image
    if settings.unpacked_images is None:
        raise ValueError("the step wants an unpacked image, and its compute backend has no unpacked_images")
    return "%s/%s" % (settings.unpacked_images.rstrip("/"), image)


def relative(path, mount):
    """A directory of the step below the shared volume's."""
    inside = os.path.relpath(path, mount)
    if inside == "." or inside.startswith(".."):
        raise ValueError("the step's %s is not below the shared volume's %s" % (path, mount))
    if not DIRECTORY.fullmatch(inside):
        raise ValueError("HTCondor can't be told of %s: its name may have letters, digits and ./@+=:-_" % path)
    return inside


def parameter_files(environment, mount):
    """The files that the environment wants filled with parameters (par_mounts), by their path below the volume's: images are read-only."""
    files = {}
    for each in environment.get("par_mounts") or []:
        path = os.path.normpath(each["mountpath"])
        if not path.startswith(mount + "/"):
            raise ValueError("par_mounts: %s can't be made in an image that runs by HTCondor; below %s it can" % (path, mount))
        files[relative(path, mount)] = each["mountcontent"]
    return files


def script(step, mount, notes=()):
    """What runs in the container, by any POSIX shell. The directories are there: HTCondor has brought them."""
    environment, state = step["env"], step["state"]
    directory = environment.get("workdir") or (state.readwrite or [mount])[0]
    return "\n".join([
        "#!/bin/sh",
        # one log, in the order in which it was said
        "exec 2>&1",
        *("echo %s" % shlex.quote(note) for note in notes),
        "HOME=%s" % shlex.quote(mount),
        "export HOME",
        "cd %s || exit 126" % shlex.quote(directory),
        "exec " + " ".join(shlex.quote(word) for word in command(step["job"], environment)),
        "",
    ])


def text(value):
    """A string of a ClassAd: of the harmless characters."""
    return '"%s"' % re.sub(r"[^\w./:@+=,-]", "_", str(value))


def starts(scope=""):
    """How often a job began. Its shadow counts, and the number is lost with the access point's pod; the date of the last beginning is kept at once."""
    return "max({%sNumJobStarts ?: 0, %sJobCurrentStartExecutingDate =?= undefined ? 0 : 1})" % (scope, scope)


def requirements(settings, names):
    wanted = ["(%s)" % settings.requirements] if settings.requirements else []
    if "CVMFS" in names:
        wanted.append("(TARGET.HasCVMFS =?= true)")
    # HTCondor starts a job again by itself, and would go on doing so
    wanted.append("(%s < %d)" % (starts("MY."), settings.most_starts))
    return " && ".join(wanted)


LOST = ('strcat("it began ", %s == 1 ? "once" : strcat(%s, " times"), " and did not end, the last time on ", '
        'LastRemoteHost ?: "a machine", ": ", VacateReason ?: "the machine was lost")') % (starts(), starts())
"""Why a job is held that doesn't begin again: its machine was lost, let it go, or can't run it."""

TOO_LONG = "JobStatus == 2 && JobCurrentStartExecutingDate >= JobCurrentStartDate && time() - JobCurrentStartExecutingDate > %d"
"""When a job has run for longer than these seconds on the machine that it is on; an older date is of a machine before."""


def policy(settings, limit):
    """When HTCondor holds the job, and with which reason: the step has failed then."""
    lost = "JobStatus == 1 && %s >= %d" % (starts(), settings.most_starts)
    if limit is None:
        return {"periodic_hold": lost, "periodic_hold_reason": LOST}
    # not allowed_execute_duration: HTCondor 23.9 never stops a job by that which began in the same second as its shadow, or whose access point began
    # anew since, and with it the shadow
    return {"periodic_hold": "(%s) || (%s)" % (lost, TOO_LONG % int(limit)),
            "periodic_hold_reason": 'JobStatus == 2 ? "longer than %d s" : %s' % (int(limit), LOST)}


def description(settings, options, step, identity):
    """The submit commands of a step, but for those of the directory that it is submitted from. `identity` has engine, job, workflow and until."""
    environment, state = step["env"], step["state"]
    if environment.get("environment_type") != "docker-encapsulated":
        raise ValueError("the step's environment_type is %r; HTCondor needs docker-encapsulated" % environment.get("environment_type"))
    if options.stateopts.get("type") != "sharedvol":
        raise ValueError("backendopts: HTCondor needs stateopts of type sharedvol")
    mount = options.stateopts["shared_mount"]
    names, said = resources_of(environment)
    credentials = names & {"GRIDProxy", "KRB5Auth"}
    if credentials:
        raise ValueError("the step wants %s, and no credential of a user's is given to HTCondor" % ", ".join(sorted(credentials)))
    for path in state.readwrite + state.readonly:
        relative(path, mount)
    parameter_files(environment, mount)
    hint = hints(said)
    return {
        "universe": "container",
        "container_image": container_image(settings, environment, said),
        # at the path that it has in the engine
        "container_target_dir": mount,
        "executable": SCRIPT,
        "output": SAID,
        "error": SAID,
        "should_transfer_files": "YES",
        "when_to_transfer_output": "ON_EXIT",
        "preserve_relative_paths": "true",
        "transfer_output_files": ",".join(relative(path, mount) for path in state.readwrite),
        **requests(options, said),
        **{key.replace("htcondor_", "", 1): value for key, value in hint.items() if key != "htcondor_max_runtime"},
        "requirements": requirements(settings, names),
        "job_lease_duration": str(settings.loss_timeout_seconds),
        **policy(settings, hint.get("htcondor_max_runtime", options.active_deadline_seconds)),
        # an engine that is gone renews nothing
        "periodic_remove": "time() > WflowUntil",
        "leave_in_queue": "JobStatus == 4 && time() < WflowUntil",
        "batch_name": text(identity["workflow"] or "wflow").strip('"'),
        "+WflowEngine": text(identity["engine"]),
        "+WflowJob": text(identity["job"]),
        "+WflowId": text(identity["workflow"] or ""),
        "+WflowStep": text(step["metadata"]["name"]),
        "+WflowUntil": "%d" % identity["until"],
        **({"accounting_group": settings.accounting_group} if settings.accounting_group else {}),
        **settings.submit,
    }
