import cytoscape from 'cytoscape';
import { GraphNode, GraphView } from './graph-view';
import { layOut, NODE } from './layout';
import { COLOURS } from './states';
import { STEP_STATES } from '../workflow';

/** How far a key moves the graph. */
const STEP = 60;

const STYLE: cytoscape.StylesheetJson = [
  {
    selector: 'node',
    style: {
      'shape': 'round-rectangle',
      'width': NODE.width,
      'height': NODE.height,
      'label': 'data(label)',
      'font-size': 12,
      'color': '#000',
      'text-valign': 'center',
      'text-halign': 'center',
      'text-wrap': 'wrap',
      'border-width': 1.5,
      'min-zoomed-font-size': 7,
    },
  },
  ...STEP_STATES.map(state => ({ selector: `node[state = "${state}"]`, style: { 'background-color': COLOURS[state][0], 'border-color': COLOURS[state][1] } })),
  // where nodes are too small for their text, shapes tell states apart
  { selector: 'node[state = "FAILURE"]', style: { 'shape': 'octagon', 'border-width': 3 } },
  { selector: 'node[state = "RUNNING"]', style: { shape: 'ellipse' } },
  { selector: 'node[state = "DEFINED"]', style: { shape: 'cut-rectangle' } },
  { selector: 'node[kind = "stage"]', style: { 'border-style': 'double', 'border-width': 4 } },
  { selector: 'node[kind = "pending"]', style: { 'border-style': 'dashed', 'background-color': '#fff' } },
  { selector: 'node:selected', style: { 'border-color': '#0b62d6', 'border-width': 4 } },
  { selector: 'edge', style: { 'width': 1, 'line-color': '#9aa3ad', 'target-arrow-color': '#9aa3ad', 'target-arrow-shape': 'triangle', 'arrow-scale': 0.7, 'curve-style': 'straight' } },
];

/** The drawn graph: what is shown changes in place, so that neither the view nor what is chosen is lost. */
export class Graph {
  private readonly cy: cytoscape.Core;
  /** Somebody has moved it: it is left where it is while it grows. */
  private moved = false;

  public constructor(private readonly container: HTMLElement, chosen: (node: GraphNode) => void) {
    this.cy = cytoscape({
      container,
      style: STYLE,
      minZoom: 0.02,
      maxZoom: 3,
      boxSelectionEnabled: false,
      // who drags a node moves all of them
      autoungrabify: true,
      // four times the pixels would be four times the work
      pixelRatio: 1,
    });
    this.cy.on('tap', 'node', event => chosen(event.target.data()));
    this.cy.on('dragpan scrollzoom pinchzoom', () => { this.moved = true; });
    container.addEventListener('keydown', event => this.key(event));
    new ResizeObserver(() => this.cy.resize()).observe(container);
    // the canvases say nothing to a screen reader that the text below doesn't
    for (const canvas of container.querySelectorAll('canvas')) { canvas.setAttribute('aria-hidden', 'true'); }
    // for whoever looks at the page from its console
    Object.assign(window, { workflowGraph: this.cy });
  }

  /** Shows this and nothing else. */
  public show(view: GraphView): void {
    const wanted = new Set([...view.nodes, ...view.edges].map(({ id }) => id));
    let another = false;
    this.cy.batch(() => {
      const gone = this.cy.elements().filter(element => !wanted.has(element.id()));
      another = gone.length > 0;
      gone.remove();
      const added: cytoscape.ElementDefinition[] = [];
      for (const node of view.nodes) {
        const there = this.cy.getElementById(node.id);
        if (there.empty()) { added.push({ group: 'nodes', data: { ...node }, pannable: true }); continue; }
        if (there.data('label') !== node.label || there.data('state') !== node.state || there.data('kind') !== node.kind) { there.data({ ...node }); }
      }
      for (const edge of view.edges) {
        if (this.cy.getElementById(edge.id).empty()) { added.push({ group: 'edges', data: { ...edge } }); }
      }
      if (added.length > 0) {
        another = true;
        this.cy.add(added);
      }
    });
    if (another) { this.layOut(view); }
  }

  /** Draws it anew, all of it in view. */
  public redraw(): void {
    this.moved = false;
    this.cy.resize();
    this.fit();
    this.cy.forceRender();
  }

  /** Gives each node its place anew. */
  public relayout(view: GraphView): void {
    this.moved = false;
    this.layOut(view);
  }

  /** Marks a step. */
  public select(id: string | undefined): void {
    this.cy.$(':selected').unselect();
    if (id !== undefined) { this.cy.getElementById(id).select(); }
  }

  private layOut(view: GraphView): void {
    if (view.nodes.length === 0) { return; }
    performance.mark('layout-begins');
    const places = layOut(view);
    this.cy.batch(() => this.cy.nodes().forEach(node => { node.position({ ...places.get(node.id())! }); }));
    if (!this.moved) { this.fit(); }
    performance.measure('layout', 'layout-begins');
  }

  private fit(): void {
    this.cy.fit(undefined, 20);
    // a graph of three nodes isn't blown up
    if (this.cy.zoom() > 1.2) {
      this.cy.zoom(1.2);
      this.cy.center();
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.container || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const middle = { x: this.container.clientWidth / 2, y: this.container.clientHeight / 2 };
    const zoom = (factor: number) => this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: middle });
    const keys: { [key: string]: () => void } = {
      'ArrowLeft': () => this.cy.panBy({ x: STEP, y: 0 }),
      'ArrowRight': () => this.cy.panBy({ x: -STEP, y: 0 }),
      'ArrowUp': () => this.cy.panBy({ x: 0, y: STEP }),
      'ArrowDown': () => this.cy.panBy({ x: 0, y: -STEP }),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': () => this.redraw(),
    };
    if (!Object.hasOwn(keys, event.key)) { return; }
    event.preventDefault();
    keys[event.key]();
    this.moved = event.key !== '0';
  }
}
