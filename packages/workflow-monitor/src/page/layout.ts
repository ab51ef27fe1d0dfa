import dagre from '@dagrejs/dagre';
import { GraphView } from './graph-view';

export interface Place { readonly x: number; readonly y: number }

export const NODE = { width: 150, height: 34 };
const GAP = { x: 16, y: 44 };
/** The rows of a rank that is broken. */
const ROW = 12;
/** So many beside each other are no line too long. */
const LEAST_WIDE = 8;

interface Ranked {
  readonly id: string;
  /** Where dagre has it, so that few edges cross. */
  readonly x: number;
  /** Where the workflow has it. */
  readonly index: number;
}

/** Where nodes are: ranks from the top to the bottom, and a rank too wide to be looked at in several rows. What is to come is below all that is there. */
export function layOut({ nodes, edges }: GraphView): Map<string, Place> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: GAP.x, ranksep: GAP.y, ranker: 'tight-tree' });
  graph.setDefaultEdgeLabel(() => ({}));
  const there = nodes.filter(({ kind }) => kind !== 'pending');
  for (const { id } of there) { graph.setNode(id, { ...NODE }); }
  for (const { source, target } of edges) { graph.setEdge(source, target); }
  dagre.layout(graph);
  const ranks = new Map<number, Ranked[]>();
  const middle = there.length > 0 ? (graph.graph().width ?? 0) / 2 : 0;
  there.forEach(({ id }, index) => {
    const { x, y } = graph.node(id);
    const rank = ranks.get(y);
    if (rank) { rank.push({ id, x, index }); } else { ranks.set(y, [{ id, x, index }]); }
  });
  const toCome = nodes.filter(({ kind }) => kind === 'pending');
  const last = toCome.map(({ id }, index) => ({ id, x: middle + (index - (toCome.length - 1) / 2) * (NODE.width + GAP.x), index }));
  return inRows([...[...ranks.entries()].sort(([one], [other]) => one - other).map(([, rank]) => rank), ...last.length > 0 ? [last] : []]);
}

/** About as wide as high: of a scatter of 500 a line would be 80,000 pixels long. */
function inRows(ranks: (readonly Ranked[])[]): Map<string, Place> {
  const places = new Map<string, Place>();
  const total = ranks.reduce((sum, rank) => sum + rank.length, 0);
  const most = Math.max(LEAST_WIDE, Math.ceil(Math.sqrt(total)));
  const wide = ranks.some(rank => rank.length > most);
  let y = 0;
  for (const rank of ranks) {
    // where nothing is broken dagre's own places have the straighter edges; rows are read as the workflow has them
    const sorted = wide ? rank : [...rank].sort((one, other) => one.x - other.x);
    for (let start = 0; start < sorted.length; start += most) {
      const row = sorted.slice(start, start + most);
      row.forEach(({ id, x }, index) => places.set(id, { x: wide ? (index - (row.length - 1) / 2) * (NODE.width + GAP.x) : x, y }));
      y += NODE.height + ROW;
    }
    y += GAP.y - ROW;
  }
  return places;
}
