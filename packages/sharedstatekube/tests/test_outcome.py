"""How a Job's end reads."""
import unittest

from kubernetes import client
from sharedstatekube import outcome


def job(*conditions, **spec):
    return client.V1Job(
        spec=client.V1JobSpec(template=client.V1PodTemplateSpec(), **spec),
        status=client.V1JobStatus(conditions=[client.V1JobCondition(**condition) for condition in conditions]))


def condition(kind, status="True", **more):
    return dict({"type": kind, "status": status}, **more)


def pod(terminated=None, waiting=None, **status):
    state = client.V1ContainerState(terminated=terminated and client.V1ContainerStateTerminated(**terminated),
                                    waiting=waiting and client.V1ContainerStateWaiting(**waiting))
    container = client.V1ContainerStatus(name="payload", image="analysis:1", image_id="", ready=False, restart_count=0, state=state)
    return client.V1Pod(status=client.V1PodStatus(container_statuses=[container], **status))


class TestOutcome(unittest.TestCase):
    def test_it_has_ended_when_the_job_says_so_for_good(self):
        self.assertIsNone(outcome.ended(job()))
        # pods are still being counted
        self.assertIsNone(outcome.ended(job(condition("SuccessCriteriaMet"))))
        self.assertIsNone(outcome.ended(job(condition("FailureTarget"))))
        self.assertIsNone(outcome.ended(job(condition("Failed", "False"))))
        self.assertTrue(outcome.ended(job(condition("Complete"))))
        self.assertFalse(outcome.ended(job(condition("Failed"))))

    def test_the_container_says_why(self):
        failed = job(condition("Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit"))
        resources = {"limits": {"memory": "64Mi"}}
        self.assertEqual(outcome.reason(failed, [pod({"exit_code": 3, "reason": "Error"})], resources), "exit code 3")
        self.assertEqual(outcome.reason(failed, [pod({"exit_code": 128, "reason": "StartError"})], resources), "exit code 128 (StartError)")
        self.assertEqual(outcome.reason(failed, [pod({"exit_code": 137, "reason": "OOMKilled"})], resources),
                         "OOMKilled: over its memory limit of 64Mi")

    def test_or_the_pod_or_the_job(self):
        failed = job(condition("Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit"))
        self.assertEqual(outcome.reason(failed, [pod(reason="Evicted", message="The node was low on resource")], {}), "Evicted: The node was low on resource")
        target = client.V1PodCondition(type="DisruptionTarget", status="True", reason="DeletionByTaintManager", message="the node is gone")
        self.assertEqual(outcome.reason(failed, [pod(conditions=[target])], {}), "DeletionByTaintManager: the node is gone")
        late = job(condition("Failed", reason="DeadlineExceeded", message="late"), active_deadline_seconds=60)
        self.assertEqual(outcome.reason(late, [], {}), "DeadlineExceeded: longer than 60 s")
        self.assertEqual(outcome.reason(failed, [], {}), "BackoffLimitExceeded: Job has reached the specified backoff limit")

    def test_what_keeps_it_from_starting(self):
        self.assertIsNone(outcome.hindrance([pod(waiting={"reason": "ContainerCreating"})]))
        self.assertEqual(outcome.hindrance([pod(waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling"})]), "ImagePullBackOff: Back-off pulling")


if __name__ == "__main__":
    unittest.main()
