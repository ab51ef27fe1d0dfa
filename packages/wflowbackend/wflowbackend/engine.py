"""The workflow itself, by Yadage."""

import json
import logging
import os

from .problem import Problem

log = logging.getLogger(__name__)

DEFAULT_BACKEND = "py:sharedstatekube:backend"

# what no archive has by chance
NAME = "_workflow_of_the_request.yml"


def toplevel_of(context, inputs):
    """Where the workflow's files are; a path is one among the inputs."""
    toplevel = context.get("toplevel", "")
    if toplevel.startswith(("github:", "gitlab-cern:", "from-github/", "https://")):
        return toplevel
    path = os.path.realpath(os.path.join(inputs, toplevel))
    root = os.path.realpath(inputs)
    if path != root and not path.startswith(root + os.sep):
        raise Problem("toplevel: given {!r}, allowed: a path among the inputs".format(toplevel[:100]))
    return path


def run(context, workdir):
    """Runs the workflow of a context in its working directory."""
    # it takes seconds to load, and nobody needs it to be told what is wrong
    from yadage.steering_api import steering_ctx
    from yadage.utils import setupbackend_fromstring

    string = os.environ.get("WFLOW_BACKEND", DEFAULT_BACKEND)
    optsyaml = os.environ.get("PACKTIVITY_ASYNCBACKEND_OPTS")
    log.info("connecting backend: %s", string)
    log.info("setting up backend %s with opts %s", string, {"optsyaml": optsyaml} if optsyaml else {})
    inputs = os.path.join(workdir, "inputs")
    has_inputs = os.path.isdir(inputs)
    toplevel = toplevel_of(context, inputs)
    workflow = document(context["workflow"], toplevel)
    interval = float(os.environ.get("WFLOW_YADAGEUPDATE", "1"))
    log.info("base settings %s", {"updateinterval": interval, "dataarg": workdir})
    os.environ.setdefault("YADAGE_INIT_TOKEN", context.get("inputAuth") or "")
    options = {
        "dataarg": os.path.join(workdir, "data"),
        "dataopts": {"initdir": inputs} if has_inputs else {},
        "metadir": os.path.join(workdir, "_yadage"),
        "toplevel": toplevel,
        "initdata": context.get("fixed_pars", {}),
        "backend": backend(setupbackend_fromstring, string),
        "updateinterval": interval,
        "visualize": False,
        "workflow": workflow,
    }
    steering = None
    try:
        with steering_ctx(**options) as steering:
            pass
    except Exception as error:
        failed = failed_steps(steering)
        if not failed:
            raise
        raise Problem("failed: {}".format(", ".join(failed))) from error
    left = [rule.rule.name for rule in steering.controller.adageobj.rules]
    if left:
        # to Yadage a workflow of which nothing more can begin has succeeded
        raise Problem("stages whose dependencies never were there: {}".format(", ".join(left)))


def failed_steps(steering):
    """The steps that failed, by their names in Yadage, if it came so far."""
    from adage import nodestate

    if steering is None:
        return []
    dag = steering.controller.adageobj.dag
    return [node.name for node in map(dag.getNode, dag.nodes()) if node.state == nodestate.FAILED]


def document(workflow, toplevel):
    """The name of a workflow's file. One that came in the request is written into one: Yadage fills in defaults of files alone."""
    if isinstance(workflow, str):
        return workflow
    if not toplevel.startswith("/"):
        raise Problem("toplevel: given {!r}, allowed: a path among the inputs, beside a workflow that is in the request itself".format(toplevel[:100]))
    os.makedirs(toplevel, exist_ok=True)
    with open(os.path.join(toplevel, NAME), "w", encoding="utf-8") as file:
        json.dump(workflow, file)
    return NAME


def backend(setup, string):
    """The backend; one that can't be made is the site's problem, and said as such."""
    try:
        return setup(string)
    except Exception as error:
        raise Problem("the backend {} can't be set up: {}".format(string, error)) from error
