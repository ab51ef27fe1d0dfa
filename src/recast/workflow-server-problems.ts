import { bundledProgram, programProblems } from './bundled-program';
import { credentialProblems } from './workflow-database';
import { PROGRAM } from './workflow-server-image';
import { ingressProblems } from './workflow-server-ingress';
import { WorkflowServerProps } from './workflow-server-props';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { IMAGE, isImage } from '../workload/image-reference';
import { isSecretKey, SECRET_KEY } from '../workload/secret-reference';

const DAY = 86_400;

/** What is wrong with a workflow server, on its own. */
export function workflowServerProblems(namespace: string, props: WorkflowServerProps): string[] {
  const { database, slots, shipTarget, tokensSecret, admins, readers, inputHosts, engineConfiguration, maxWaiting } = props;
  const { image, ingress, workflowObjects } = props;
  const problems: string[] = [];
  const between = (property: string, value: number | undefined, least: number, most: number, unit: string) => {
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most)) {
      problems.push(problem(property, value, `a whole number${unit} from ${least} to ${most}`));
    }
  };
  if (!isDnsLabel(namespace)) { problems.push(problem('namespace', namespace, 'a DNS label of at most 63 characters')); }
  problems.push(...credentialProblems('database.credentials', database.credentials));
  if (!isHost(database.host)) { problems.push(problem('database.host', database.host, 'a DNS name or an address')); }
  between('database.port', database.port, 1, 65535, '');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(database.databaseName)) {
    problems.push(problem('database.databaseName', database.databaseName, 'lower-case letters, digits and underscores, at most 63'));
  }
  const { secretName, key = 'ca.crt' } = database.authority ?? {};
  if (secretName !== undefined && !isDnsSubdomain(secretName)) { problems.push(problem('database.authority.secretName', secretName, 'the name of a Secret')); }
  if (!isSecretKey(key)) { problems.push(problem('database.authority.key', key, SECRET_KEY)); }
  between('slots', slots, 1, 10_000, '');
  between('maxWaiting', maxWaiting, 1, 1_000_000, '');
  between('startDeadline', props.startDeadline?.toSeconds({ integral: false }), 10, 10 * DAY, ' of seconds');
  between('jobRetention', props.jobRetention?.toSeconds({ integral: false }), 60, 365 * DAY, ' of seconds');
  between('requestRetention', props.requestRetention?.toDays({ integral: false }), 1, 36_500, ' of days');
  if (shipTarget && shipTarget.namespace !== namespace) {
    problems.push(problem('shipTarget', shipTarget.namespace, `one in ${namespace}: engines have its Secret`));
  }
  for (const [property, name, kind] of [['tokensSecret', tokensSecret, 'Secret'], ['engineConfiguration', engineConfiguration, 'ConfigMap']]) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(property!, name, `the name of a ${kind}`)); }
  }
  for (const admin of admins ?? []) {
    if (!isSecretKey(admin)) { problems.push(problem('admins', admin, SECRET_KEY)); }
  }
  for (const reader of readers ?? []) {
    if (!isSecretKey(reader)) { problems.push(problem('readers', reader, SECRET_KEY)); }
    if (admins?.includes(reader)) { problems.push(problem('readers', reader, 'who is not among admins')); }
  }
  if (inputHosts?.length === 0) { problems.push(problem('inputHosts', inputHosts, 'at least one, or undefined for any')); }
  for (const host of inputHosts ?? []) {
    if (!isDnsSubdomain(host) || !host.includes('.')) { problems.push(problem('inputHosts', host, 'DNS names')); }
  }
  if (workflowObjects !== undefined && !isDnsLabel(workflowObjects)) { problems.push(problem('workflowObjects', workflowObjects, 'the name of a namespace')); }
  if (image && !isImage(image.reference)) { problems.push(problem('image', image.reference, IMAGE)); }
  if (ingress) { problems.push(...ingressProblems(ingress)); }
  if (image?.programInConfigMap ?? true) {
    problems.push(...programProblems('image', 'WorkflowServerImage.own', { [PROGRAM.file]: bundledProgram('workflow-server') }));
  }
  return problems;
}

function isHost(host: string): boolean {
  return isDnsSubdomain(host) || /^[0-9a-f:.]+$/i.test(host);
}
