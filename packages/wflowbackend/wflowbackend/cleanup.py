"""What is left of a working directory."""

import logging
import os
import shutil

log = logging.getLogger(__name__)

# logs and notes stay, if they aren't large
KEPT = (".log", ".txt", ".json", ".yml")
MOST_BYTES = 50 * 1024 * 1024


def cleanup(context, workdir):
    """Removes what took space and was shipped. Where nothing was shipped everything stays: it is nowhere else."""
    if not context.get("shipout_spec"):
        log.info("results are in %s", workdir)
        return
    for directory, directories, files in os.walk(workdir, topdown=False):
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path) or not name.endswith(KEPT) or os.path.getsize(path) > MOST_BYTES:
                os.remove(path)
        for name in directories:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                os.remove(path)
            elif not os.listdir(path):
                os.rmdir(path)
    shutil.rmtree(os.path.join(workdir, "results"), ignore_errors=True)
