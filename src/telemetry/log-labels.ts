import { problem } from '../problem';

/** What a record can be found by besides the place it comes from. */
const FIELDS = ['workflow', 'job', 'user', 'component'];

/** The labels of pods that REANA and Kubernetes' own Jobs set. */
export const DEFAULT_LABELS: { readonly [label: string]: string } = {
  'reana-run-batch-workflow-uuid': 'workflow',
  'reana-run-job-workflow-uuid': 'workflow',
  'job-name': 'job',
  'user-uuid': 'user',
  'app.kubernetes.io/component': 'component',
};

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** A store that gets labels nobody has listed has as many fields as its users can think of. */
export function labelProblems(labels: { readonly [label: string]: string }): string[] {
  return Object.entries(labels).flatMap(([label, field]) => {
    const [name, prefix, rest] = label.split('/').reverse();
    const isLabel = NAME.test(name) && rest === undefined && (prefix === undefined || PREFIX.test(prefix));
    return [
      ...isLabel ? [] : [problem('labels', label, 'names of pod labels, such as job-name')],
      ...FIELDS.includes(field) ? [] : [problem(`labels.${label}`, field, `a field of a record: ${FIELDS.join(', ')}`)],
    ];
  });
}
