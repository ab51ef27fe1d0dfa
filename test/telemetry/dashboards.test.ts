import { App, Duration, Testing } from 'cdk8s';
import { boardQueries } from './board-queries';
import { Board, Cluster, Dashboards, DashboardsProps } from '../../src';
import { CONDOR_METRICS } from '../../src/telemetry/condor-metrics';

function objects(props?: DashboardsProps, id = 'boards'): any[] {
  const host = new Cluster(new App(), 'condor-host');
  new Dashboards(host, id, props);
  return Testing.synth(host);
}
const boards = (props?: DashboardsProps) => objects(props).map(({ data }) => JSON.parse(Object.values<string>(data)[0]));

describe('Dashboards', () => {
  test('as they are written, the same every time', () => {
    expect(objects()).toMatchSnapshot();
    expect(JSON.stringify(objects())).toBe(JSON.stringify(objects()));
  });

  test('a ConfigMap each, as the sidecar of Grafana finds it', () => {
    const found = objects().map(({ metadata: { name, namespace, labels, annotations } }) =>
      [name, namespace, labels.grafana_dashboard, annotations.grafana_folder]);
    expect(found).toEqual(
      ['federation', 'pool', 'workflows', 'logs'].map(board => [`boards-${board}`, 'monitoring', '1', 'Federation']));
    const [only] = objects({ boards: [Board.POOL], namespace: 'grafana', label: 'example.org/board', folder: 'Batch' });
    expect(only.metadata).toMatchObject({
      name: 'boards-pool', namespace: 'grafana', labels: { 'example.org/board': '1' }, annotations: { grafana_folder: 'Batch' },
    });
    expect(objects().every(object => JSON.stringify(object).length < 1024 * 1024)).toBe(true);
  });

  test('their addresses are fixed; datasource, federation and clusters are chosen in them', () => {
    for (const board of boards()) {
      expect(board.uid).toMatch(/^cdk8s-hep-(federation|pool|workflows|logs)$/);
      expect(board.templating.list.map(({ name, type }: any) => [name, type])).toEqual([['datasource', 'datasource'], ['federation', 'query'], ['k8s_cluster', 'query']]);
      const parts = board.panels.flatMap((panel: any) => [panel, ...panel.targets]);
      expect(parts.every(({ datasource }: any) => datasource.uid === '${datasource}')).toBe(true);
      expect(board.panels.flatMap(({ targets }: any) => targets).every(({ expr }: any) => expr.includes('federation=~"$federation"'))).toBe(true);
    }
  });

  test('no panel lies on another, and each has an id of its own', () => {
    for (const { panels } of boards()) {
      expect(new Set(panels.map(({ id }: any) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }: any) =>
        Array.from({ length: w * h }, (_, cell) => `${x + cell % w},${y + Math.floor(cell / w)}`));
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos: { x, w } }: any) => x + w <= 24)).toBe(true);
    }
  });

  test('what the exporter of the pool serves is shown, and nothing else is asked of it', () => {
    const asked = new Set(boardQueries(objects()).flatMap(({ expr }) => expr.match(/(?<![:\w])htcondor_\w+/g) ?? []));
    const known = CONDOR_METRICS.map(({ name }) => name);
    expect([...asked].filter(name => !known.includes(name) && !name.includes('startds'))).toEqual([]);
    // what says whether there is anything to show, and what alarms alone look at
    const others = /_up$|^htcondor_(exporter|token|core_seconds_read|schedd_last_heard)_/;
    expect(known.filter(name => !asked.has(name) && !others.test(name))).toEqual([]);
  });

  test('pods of workflows are those of the prefix; how often it asks', () => {
    const [board] = boards({ boards: [Board.WORKFLOWS], workflowPrefix: 'my.reana', refresh: Duration.seconds(10) });
    expect(board.panels[0].targets[0].expr).toContain('pod=~"my\\\\.reana-run-batch-.+"');
    expect(board.refresh).toBe('10s');
  });

  test.each<[string, DashboardsProps, string]>([
    ['no board', { boards: [] }, 'boards: given []'],
    ['a board twice', { boards: [Board.LOGS, Board.LOGS] }, 'boards: given ["logs","logs"]'],
    ['a namespace that is none', { namespace: 'Grafana' }, 'namespace: given "Grafana"'],
    ['a label that is none', { label: 'grafana dashboard' }, 'label: given "grafana dashboard"'],
    ['an empty folder', { folder: '' }, 'folder: given ""'],
    ['asking all the time', { refresh: Duration.seconds(1) }, 'refresh: given "1s"'],
    ['a prefix of no name', { workflowPrefix: 'a"b' }, 'workflowPrefix: given "a\\"b"'],
  ])('refuses %s', (_, props, told) => {
    expect(() => objects(props)).toThrow(told);
  });

  test('refuses a name that is none', () => {
    expect(() => objects({}, 'My.Boards')).toThrow('id: given "My.Boards"');
  });
});
