import { byId, element, link, setText } from './element';
import { Graph } from './graph';
import { byStage, viewOf } from './graph-view';
import { follow } from './live';
import { LogView } from './log-view';
import { BADGES, SIGNS, WORDS } from './states';
import { StepTable } from './step-table';
import { duration, time } from './times';
import { Step, STEP_STATES, Workflow } from '../workflow';

/** An engine says something every 15 seconds. */
const SILENCE = 60_000;
const TICK = 1000;

/** The page of one workflow. */
export function monitor(): void {
  const [, , namespace, id] = location.pathname.split('/');
  const api = `/api/workflows/${namespace}/${id}`;
  setText(byId('id'), id);
  document.title = `Workflow Monitor for ${id}`;
  const collapsed = new Set<string>();
  let workflow: Workflow | undefined;
  let connected = true;
  let note = '';
  let chosen: string | undefined = new URLSearchParams(location.hash.slice(1)).get('step') ?? undefined;

  const table = new StepTable(byId<HTMLTableElement>('steps'), step => choose(step, true), stage => fold([stage], !collapsed.has(stage)));
  const engineLog = new LogView(byId('log'), byId('log-note'));
  const stepLog = new LogView(byId('step-log'), byId('step-log-note'));
  const graph = new Graph(byId('graph'), ({ kind, id: node, stage }) => {
    if (kind === 'stage') { return fold([stage], false); }
    const step = workflow?.steps.find(each => `step:${each.id}` === node);
    if (step) { choose(step, false); }
  });

  function fold(stages: Iterable<string>, close: boolean): void {
    for (const stage of stages) { if (close) { collapsed.add(stage); } else { collapsed.delete(stage); } }
    render();
  }

  function choose(step: Step, focus: boolean): void {
    chosen = step.id;
    history.replaceState(null, '', `#${new URLSearchParams({ step: step.id })}`);
    render();
    if (focus) {
      byId('step-log-section').scrollIntoView({ block: 'nearest' });
      byId('step-log-title').focus({ preventScroll: true });
    }
  }

  function render(): void {
    if (!workflow) { return; }
    table.show(workflow, collapsed, chosen, Date.now());
    graph.show(viewOf(workflow, collapsed));
    graph.select(chosen === undefined ? undefined : `step:${chosen}`);
    showStep(workflow.steps.find(step => step.id === chosen));
    engineLog.show(workflow.hasLog ? `${api}/log` : undefined, workflow.logsUrl
      ? "The engine's pod isn't there; its log may be in the central store." : "The engine's pod isn't there, or hasn't begun.");
  }

  function showStep(step: Step | undefined): void {
    byId('step-log-section').hidden = !step;
    if (!step) { return stepLog.show(undefined, ''); }
    setText(byId('step-log-title'), `Log of ${step.name}: ${SIGNS[step.state]} ${step.state}`);
    const central = step.logsUrl && link(step.logsUrl, `Central logs of ${step.name}`);
    byId('step-log-links').replaceChildren(...step.message ? [element('span', {}, `${step.message} `)] : [], ...central ? [central] : []);
    stepLog.show(step.hasLog && step.job ? `${api}/steps/${step.job}/log` : undefined, step.job
      ? `Its pod isn't in this cluster, or hasn't begun${step.logsUrl ? '; the central store may have its log' : ''}.` : 'The engine computed this step itself: it has no log of its own.');
  }

  function facts(): void {
    const status = byId('status');
    if (!workflow) { return setText(status, connected ? `There is no such workflow here (yet). ${note}`.trim() : 'The server can\'t be reached.'); }
    const { state, reason, lastSeen, registered, started, counts } = workflow;
    const badge = status.querySelector('.badge') ?? element('span');
    const text = `${SIGNS[state]} ${state}`;
    const rest = [reason && ` ${reason}`, state === 'REGISTERED' && note ? `. ${note}` : '', connected ? '' : ' (not connected: this is what was last known)'].join('');
    if (status.textContent !== text + rest) {
      badge.className = `badge ${BADGES[state]}`;
      badge.textContent = text;
      status.replaceChildren(badge, rest);
    }
    const silent = state === 'ACTIVE' && lastSeen !== undefined && Date.now() - Date.parse(lastSeen) > SILENCE;
    setText(byId('last-seen'), lastSeen ? `${time(lastSeen)}${silent ? `, no sign of life for ${duration(lastSeen, undefined, Date.now())}` : ''}` : 'not yet');
    setText(byId('started'), started ? time(started) : registered ? `not yet; registered ${time(registered)}` : 'not yet');
    setText(byId('counts'), STEP_STATES.filter(each => counts[each] > 0).map(each => `${counts[each]} ${WORDS[each]}`).join(', ') || 'none yet');
    setText(byId('graph-text'), `${workflow.steps.length} steps in ${byStage(workflow).size} stages: ${byId('counts').textContent}.`);
  }

  function logsLink(): void {
    const made = workflow?.logsUrl && link(workflow.logsUrl, 'All logs of this workflow');
    byId('logs-term').hidden = byId('logs-link').hidden = !made;
    if (made) { byId('logs-link').replaceChildren(made); }
  }

  byId('redraw').addEventListener('click', () => graph.redraw());
  byId('relayout').addEventListener('click', () => { if (workflow) { graph.relayout(viewOf(workflow, collapsed)); } });
  byId('collapse').addEventListener('click', () => { if (workflow) { fold(byStage(workflow).keys(), true); } });
  byId('expand').addEventListener('click', () => { if (workflow) { fold(byStage(workflow).keys(), false); } });
  byId<HTMLInputElement>('step-filter').addEventListener('input', event => {
    table.filterBy((event.target as HTMLInputElement).value);
    render();
  });
  byId('step-log-title').addEventListener('keydown', event => { if (event.key === 'Escape' && chosen !== undefined) { table.focus(chosen); } });
  follow<Workflow | null>(`${api}/events`, value => {
    workflow = value ?? undefined;
    facts();
    logsLink();
    render();
  }, yes => {
    connected = yes;
    facts();
  }, text => {
    note = text;
    facts();
  });
  setInterval(() => {
    facts();
    // times of what runs
    if (workflow?.state === 'ACTIVE') { table.show(workflow, collapsed, chosen, Date.now()); }
  }, TICK);
}
