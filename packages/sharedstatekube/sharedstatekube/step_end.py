"""What is known of a step is kept in its proxy; this is where it ends."""
import logging

log = logging.getLogger(__name__)


def end(proxy, success, reason=None):
    """A step that has ended; why, if it failed."""
    proxy["success"] = success
    if success:
        log.info("step %s: succeeded", proxy["name"])
    else:
        proxy["reason"] = reason
        log.error("step %s failed: %s (Job %s)", proxy["name"], reason, proxy["job_id"])
