import { fluentBitDocument } from './fluent-bit-document';
import { AGENT_VARIABLES, LogModel, RECORD } from './log-model';
import { LABELLED_LOG } from '../workload/labelled-log';

/**
 * The function of Fluent Bit's Lua filter that makes the record of a line. Where a line comes from is told by its tag, which is the file's name:
 * what a container prints may have any keys, and changes nothing of it.
 */
export function fluentBitRecord(model: LogModel, tag: string): string {
  const list = (names: readonly string[]) => `{ ${names.map(quoted).join(', ')} }`;
  const { openSearch } = model;
  const labels = Object.entries(model.labels).map(([label, field]) => `  { ${quoted(label)}, ${quoted(field)} },`);
  return `
local CLUSTER, NODE = os.getenv(${quoted(AGENT_VARIABLES.cluster)}), os.getenv(${quoted(AGENT_VARIABLES.node)})
local FIELDS = ${list(LABELLED_LOG.fields.filter(field => field !== 'id'))}
local LABELS = {
${labels.join('\n')}
}
local FILE = "^${tag.replaceAll('.', '%.')}([^_]+)_([^_]+)_([^_.]+)%.([^.]+)%.(%d+)%.log"

local function text(value)
  return type(value) == "string" and value or nil
end

local function labels_of(line)
  local pod = type(line.kubernetes) == "table" and line.kubernetes or {}
  return type(pod.labels) == "table" and pod.labels or {}
end
${openSearch ? fluentBitDocument(openSearch.indexPrefix) : ''}
function record(tag, timestamp, line)
  local namespace, pod, uid, container, restart = tag:match(FILE)
  -- the same whenever the line is read, and in whichever file the kubelet has put it meanwhile
  local id = text(line.id)
    or table.concat({ uid, container, restart, tostring(line.cri_time), ("%.0f"):format(tonumber(line.offset) or 0) }, "/")
  local made = {
    ${LABELLED_LOG.text} = line.${LABELLED_LOG.text},
    [${quoted(RECORD.id)}] = CLUSTER .. "/" .. id,
    [${quoted(RECORD.cluster)}] = CLUSTER,
${model.federation === undefined ? '' : `    [${quoted(RECORD.federation)}] = ${quoted(model.federation)},\n`}\
    [${quoted(RECORD.namespace)}] = namespace,
    [${quoted(RECORD.pod)}] = pod,
    [${quoted(RECORD.uid)}] = uid,
    [${quoted(RECORD.container)}] = container,
    [${quoted(RECORD.node)}] = NODE,
    part = text(line.part),
  }
  for _, field in ipairs(FIELDS) do
    made[field] = text(line[field])
  end
  made.source = made.source or "container"
  made.stream = made.stream or text(line.cri_stream)
  -- a record's own fields come before those of its pod
  local labels = labels_of(line)
  for _, pair in ipairs(LABELS) do
    made[pair[2]] = made[pair[2]] or text(labels[pair[1]])
  end
  return 2, timestamp, ${openSearch ? 'document(made, labels)' : 'made'}
end
`.trimStart();
}

/** A string of Lua. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
