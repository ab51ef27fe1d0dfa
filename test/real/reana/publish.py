"""Submits a workflow, and tells of one's status, as REANA's server and its engines do; with the broker that this environment names."""
import sys

from reana_commons.publisher import WorkflowStatusPublisher, WorkflowSubmissionPublisher

workflow, priority = sys.argv[1], int(sys.argv[2])
submission = WorkflowSubmissionPublisher()
submission.publish_workflow_submission(user_id='somebody', workflow_id_or_name=workflow, parameters={}, priority=priority)
submission.close()
status = WorkflowStatusPublisher()
status.publish_workflow_status(workflow, 1)
status.close()
