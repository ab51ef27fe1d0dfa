import { SIGNS } from './states';
import { Step, StepState, Workflow } from '../workflow';

/** What the graph shows: of each stage its steps, or one node for all of them. */
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: 'step' | 'stage' | 'pending';
  readonly state: StepState;
  /** The stage that it stands for, or belongs to. */
  readonly stage: string;
}

export interface GraphView {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly id: string; readonly source: string; readonly target: string }[];
}

/** The state of several steps at once: the one that most asks for attention. */
export function stateOf(steps: readonly Step[]): StepState {
  const has = (state: StepState) => steps.some(step => step.state === state);
  if (has('FAILURE')) { return 'FAILURE'; }
  if (has('RUNNING')) { return 'RUNNING'; }
  if (steps.every(({ state }) => state === 'SUCCESS')) { return 'SUCCESS'; }
  return has('SUCCESS') ? 'RUNNING' : 'DEFINED';
}

const shortened = (text: string) => text.length > 24 ? `${text.slice(0, 10)}…${text.slice(-12)}` : text;

/** The steps of each stage, in the order of the workflow. Steps that nobody gave a stage have the empty one. */
export function byStage({ stages, steps }: Workflow): Map<string, Step[]> {
  const groups = new Map<string, Step[]>(stages.map(({ id }) => [id, []]));
  for (const step of steps) {
    const group = groups.get(step.stage);
    if (group) { group.push(step); } else { groups.set(step.stage, [step]); }
  }
  return groups;
}

/** What is drawn of a workflow while some of its stages are collapsed. Stages that aren't there yet are drawn as well, without an edge. */
export function viewOf(workflow: Workflow, collapsed: ReadonlySet<string>): GraphView {
  const nodes: GraphNode[] = [];
  const shownAs = new Map<string, string>();
  for (const [stage, steps] of byStage(workflow)) {
    const told = workflow.stages.find(({ id }) => id === stage);
    const name = told?.name ?? (stage || 'steps');
    if (steps.length === 0) {
      if (told && !told.applied) { nodes.push({ id: `stage:${stage}`, label: `${shortened(name)}\nto come`, kind: 'pending', state: 'DEFINED', stage }); }
    } else if (collapsed.has(stage)) {
      const state = stateOf(steps);
      const done = steps.filter(step => step.state === 'SUCCESS').length;
      nodes.push({ id: `stage:${stage}`, label: `${SIGNS[state]} ${shortened(name)}\n${done} of ${steps.length} done`, kind: 'stage', state, stage });
      for (const { id } of steps) { shownAs.set(id, `stage:${stage}`); }
    } else {
      for (const step of steps) {
        nodes.push({ id: `step:${step.id}`, label: `${SIGNS[step.state]} ${shortened(step.name)}`, kind: 'step', state: step.state, stage });
        shownAs.set(step.id, `step:${step.id}`);
      }
    }
  }
  const edges = new Map<string, GraphView['edges'][number]>();
  for (const [from, to] of workflow.edges) {
    const source = shownAs.get(from);
    const target = shownAs.get(to);
    if (source === undefined || target === undefined || source === target) { continue; }
    const id = `${source}>${target}`;
    edges.set(id, { id, source, target });
  }
  return { nodes, edges: [...edges.values()] };
}
