import { RECORD } from './log-model';
import { LABELLED_LOG } from '../workload/labelled-log';

/** The labels of REANA's pods by which its code asks OpenSearch for them. */
const REANA_LABELS = ['job-name', 'reana-run-batch-workflow-uuid', 'reana-run-job-workflow-uuid', 'dask.org/cluster-name', 'dask.org/component'];

/** The fields of a document. REANA finds the text in `log`, so that no other field may begin with `log.`. */
export const DOCUMENT_FIELDS = [
  'index', 'id', LABELLED_LOG.text, 'cluster', 'federation', 'node', 'kubernetes', 'part', ...LABELLED_LOG.fields.filter(field => field !== 'id'), 'component',
];

/**
 * The function of Fluent Bit's Lua that makes of a record a document of OpenSearch, with the name of its index. REANA looks for lines of workflows, of their
 * steps and of Dask in one index each; of the job controller, which is in each workflow's pod, it shows what went wrong.
 */
export function fluentBitDocument(indexPrefix = 'logs'): string {
  return `
local REANA = { ${REANA_LABELS.map(label => `"${label}"`).join(', ')} }

local function went_wrong(line)
  local level = tostring(line):match("^[^|]*|[^|]*|[^|]*| *(%u+) *|")
  return level == "WARNING" or level == "ERROR" or level == "CRITICAL"
end

local function index_of(made, labels)
  if labels["reana-run-batch-workflow-uuid"] and (made["${RECORD.container}"] ~= "job-controller" or went_wrong(made.${LABELLED_LOG.text})) then
    return "fluentbit-workflow_log"
  elseif labels["reana-run-job-workflow-uuid"] then
    return "fluentbit-job_log"
  elseif labels["dask.org/cluster-name"] and made["${RECORD.pod}"]:match("run%-dask%-") then
    return "fluentbit-dask_log"
  end
  return "${indexPrefix}-" .. CLUSTER
end

local function document(made, labels)
  local pod = {
    namespace_name = made["${RECORD.namespace}"], pod_name = made["${RECORD.pod}"], container_name = made["${RECORD.container}"], host = NODE,
  }
  for _, label in ipairs(REANA) do
    if text(labels[label]) then
      pod.labels = pod.labels or {}
      pod.labels[label] = labels[label]
    end
  end
  made.index, made.id, made.cluster, made.node, made.kubernetes = index_of(made, labels), made["${RECORD.id}"], CLUSTER, NODE, pod
  return made
end
`;
}
