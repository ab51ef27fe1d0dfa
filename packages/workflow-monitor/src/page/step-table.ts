import { element, setText } from './element';
import { byStage, stateOf } from './graph-view';
import { SIGNS, WORDS } from './states';
import { duration, time } from './times';
import { Step, StepState, Workflow } from '../workflow';

interface Row {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
  readonly badge: HTMLElement;
  step: Step;
}

interface Section {
  readonly body: HTMLTableSectionElement;
  readonly button: HTMLButtonElement;
  readonly count: HTMLElement;
}

/** The steps by their stages, as a table. Rows stay what they are while their text changes: focus isn't lost, and 500 rows take no time. */
export class StepTable {
  private readonly rows = new Map<string, Row>();
  private readonly sections = new Map<string, Section>();
  private filter = '';

  public constructor(
    private readonly table: HTMLTableElement,
    private readonly choose: (step: Step) => void,
    private readonly toggle: (stage: string) => void,
  ) {}

  public show(workflow: Workflow, collapsed: ReadonlySet<string>, chosen: string | undefined, now: number): void {
    const there = new Set<string>();
    for (const [stage, steps] of byStage(workflow)) {
      const told = workflow.stages.find(({ id }) => id === stage);
      const section = this.section(stage, told ? [told.scope, told.name].filter(Boolean).join(' › ') : stage || 'steps');
      const done = steps.filter(({ state }) => state === 'SUCCESS').length;
      const state = stateOf(steps);
      setText(section.count, steps.length === 0 ? told?.applied ? 'no steps' : 'to come' : `${done} of ${steps.length} done, ${SIGNS[state]} ${WORDS[state]}`);
      section.button.setAttribute('aria-expanded', String(!collapsed.has(stage)));
      for (const step of steps) {
        there.add(step.id);
        const row = this.row(section, step);
        fill(row, step, now);
        row.row.hidden = collapsed.has(stage) || !matches(step, this.filter);
        if (step.id === chosen) { row.row.setAttribute('aria-current', 'true'); } else { row.row.removeAttribute('aria-current'); }
      }
    }
    for (const [id, { row }] of this.rows) {
      if (there.has(id)) { continue; }
      row.remove();
      this.rows.delete(id);
    }
  }

  public filterBy(text: string): void {
    this.filter = text.trim().toLowerCase();
  }

  /** Where the keyboard goes back to. */
  public focus(step: string): void {
    this.rows.get(step)?.row.querySelector('button')?.focus();
  }

  private section(stage: string, name: string): Section {
    const there = this.sections.get(stage);
    if (there) { return there; }
    const button = element('button', { 'type': 'button', 'class': 'link', 'aria-expanded': 'true' }, name);
    button.addEventListener('click', () => this.toggle(stage));
    const count = element('span');
    const body = element('tbody', {}, element('tr', { class: 'stage' }, element('th', { scope: 'rowgroup', colspan: '6' }, button, ' ', count)));
    this.table.append(body);
    const section = { body, button, count };
    this.sections.set(stage, section);
    return section;
  }

  private row({ body }: Section, step: Step): Row {
    const there = this.rows.get(step.id);
    if (there) { return there; }
    const button = element('button', { type: 'button', class: 'link' }, step.name);
    const badge = element('span', { class: 'badge' });
    const cells = [1, 2, 3, 4, 5].map(() => element('td'));
    cells[0].append(badge);
    cells[4].classList.add('message');
    const made: Row = { row: element('tr', {}, element('th', { scope: 'row' }, button), ...cells), cells, badge, step };
    button.addEventListener('click', () => this.choose(made.step));
    body.append(made.row);
    this.rows.set(step.id, made);
    return made;
  }
}

function fill(row: Row, step: Step, now: number): void {
  row.step = step;
  setText(row.badge, badgeText(step.state));
  row.badge.className = `badge ${step.state}`;
  const [, took, submitted, cluster, message] = row.cells;
  setText(took, duration(step.submitted, step.ready, now));
  setText(submitted, time(step.submitted));
  setText(cluster, step.cluster ?? '');
  setText(message, step.message ?? '');
}

const badgeText = (state: StepState) => `${SIGNS[state]} ${state}`;

function matches(step: Step, filter: string): boolean {
  return filter === '' || `${step.name} ${step.state} ${step.cluster ?? ''}`.toLowerCase().includes(filter);
}
