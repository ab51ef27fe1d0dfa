import dagre from '@dagrejs/dagre';
import { GraphView } from './graph-view';

export interface Place { readonly x: number; readonly y: number }

export const NODE = { width: 150, height: 34 };
const GAP = { x: 16, y: 44 };
/** The rows of a rank that is broken. */
const ROW = 12;

/** Where nodes are: ranks from the top to the bottom, and a rank too wide to be looked at in several rows. */
export function layOut({ nodes, edges }: GraphView): Map<string, Place> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: GAP.x, ranksep: GAP.y, ranker: 'tight-tree' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) { graph.setNode(id, { ...NODE }); }
  for (const { source, target } of edges) { graph.setEdge(source, target); }
  dagre.layout(graph);
  const ranks = new Map<number, { readonly id: string; readonly x: number }[]>();
  for (const { id } of nodes) {
    const { x, y } = graph.node(id);
    const rank = ranks.get(y);
    if (rank) { rank.push({ id, x }); } else { ranks.set(y, [{ id, x }]); }
  }
  return inRows([...ranks.entries()].sort(([one], [other]) => one - other).map(([, rank]) => rank));
}

/** About as wide as high: of a scatter of 500 a line would be 80,000 pixels long. */
function inRows(ranks: (readonly { readonly id: string; readonly x: number }[])[]): Map<string, Place> {
  const places = new Map<string, Place>();
  const total = ranks.reduce((sum, rank) => sum + rank.length, 0);
  const most = Math.max(8, Math.ceil(Math.sqrt(total)));
  const left = Math.min(...ranks.flat().map(({ x }) => x));
  const wide = ranks.some(rank => rank.length > most);
  let y = 0;
  for (const rank of ranks) {
    const sorted = [...rank].sort((one, other) => one.x - other.x);
    for (let start = 0; start < sorted.length; start += most) {
      const row = sorted.slice(start, start + most);
      // where nothing is broken dagre's own places have the straighter edges
      row.forEach(({ id, x }, index) => places.set(id, { x: wide ? (index - (row.length - 1) / 2) * (NODE.width + GAP.x) : x - left, y }));
      y += NODE.height + ROW;
    }
    y += GAP.y - ROW;
  }
  return places;
}
