import { byId, element, setText } from './element';
import { follow } from './live';
import { BADGES, SIGNS } from './states';
import { time } from './times';
import { WorkflowSummary } from '../workflow';

/** The page of all workflows. */
export function list(): void {
  const search = byId<HTMLInputElement>('search');
  const body = document.querySelector('#workflows tbody')!;
  let workflows: WorkflowSummary[] = [];
  search.value = new URLSearchParams(location.search).get('q') ?? '';

  function render(): void {
    const wanted = search.value.trim().toLowerCase();
    const found = workflows.filter(({ id, namespace, state }) => `${id} ${namespace} ${state}`.toLowerCase().includes(wanted));
    const focused = document.activeElement?.getAttribute('href');
    body.replaceChildren(...found.map(row));
    if (focused) { body.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus(); }
    setText(byId('found'), `${found.length} of ${workflows.length} workflows`);
  }

  search.addEventListener('input', () => {
    history.replaceState(null, '', search.value ? `?${new URLSearchParams({ q: search.value })}` : location.pathname);
    render();
  });
  byId('search-form').addEventListener('submit', event => {
    event.preventDefault();
    // the one that is found is what was looked for
    const links = body.querySelectorAll<HTMLAnchorElement>('a');
    if (links.length === 1) { links[0].click(); }
  });
  follow<WorkflowSummary[]>('/api/workflows/events', value => {
    workflows = value;
    render();
  }, yes => { if (!yes) { setText(byId('found'), 'The server can\'t be reached.'); } }, note => setText(byId('note'), note));
}

function row({ namespace, id, kind, state, reason, started, lastSeen, counts }: WorkflowSummary): HTMLTableRowElement {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const steps = state === 'REGISTERED' ? reason : `${counts.SUCCESS} of ${all} done${counts.FAILURE ? `, ${counts.FAILURE} failed` : ''}`;
  return element('tr', {},
    element('th', { scope: 'row' }, element('a', { href: `/workflows/${namespace}/${id}` }, id)),
    element('td', {}, namespace),
    element('td', {}, kind === 'reana' ? 'REANA' : 'Yadage'),
    element('td', { title: reason }, element('span', { class: `badge ${BADGES[state]}` }, `${SIGNS[state]} ${state}`)),
    element('td', {}, steps),
    element('td', {}, time(started)),
    element('td', {}, time(lastSeen)));
}
