import { createHash, randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { StagingServer, WorkflowStorage, YadageEngine } from '../../../src';
import { Cluster } from '../cluster';
import { CommandResult } from '../command';
import { Authority } from '../kubernetes/certificates';
import { Lab } from '../lab';
import { Manifest } from '../manifest';
import { Pod } from '../pod';
import { describeReal } from '../requirements';
import { STAGING_IMAGE, YADAGE_IMAGE } from '../rootfs';
import type { SiteNode } from '../site-node';
import { until } from '../until';

const ADDRESS = 'staging.cern.ch';
const SECRET = 'recast/wflow-staging-tls';
const USER = 1000;
const MEGABYTE = 1024 * 1024;
/** Of files, directories and parameters, all that a URL would read otherwise. */
const ODD = ['a b', 'per%20cent', 'plus+', 'what?', 'hash#', 'semi;colon&', '"quoted"', 'größe', '..hidden', 'new\nline', '\\'];

const sha = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describeReal('the staging server', () => {
  let lab: Lab;
  let cluster: Cluster;
  let deployment: Manifest;
  let here: SiteNode;
  let elsewhere: SiteNode;
  let authority: Authority;
  /** The directory `.staging`, as engines have it. */
  let staging: string;
  const said: string[] = [];
  let step = '';
  let asked = 0;

  const at = (...names: string[]) => path.join(staging, ...names);
  const scratch = (name: string) => path.join(lab.state, name);

  beforeAll(async () => {
    lab = await Lab.open();
    const site = await lab.site('cern', { cidr: '10.1.0.0/16' });
    here = await site.node('node-1');
    elsewhere = await (await lab.site('tsystems', { cidr: '10.9.0.0/16', nat: true })).node('node-1');
    authority = await Authority.make(scratch('authority'), 'authority');
    const chart = new Chart(new App(), 'recast');
    const engine = new YadageEngine(chart, 'engine', { image: YADAGE_IMAGE, storage: WorkflowStorage.claim('data', 'recast') });
    new StagingServer(chart, 'staging', { engine, address: ADDRESS, image: STAGING_IMAGE });
    const manifests = Testing.synth(chart) as Manifest[];
    deployment = manifests.find(({ kind }) => kind === 'Deployment')!;
    cluster = lab.cluster('recast', site, manifests, { secrets: { [SECRET]: await certificate('first') } });
    staging = path.join(cluster.claim('recast', 'data'), 'recast', '.staging');
    await cluster.start('wflow-staging');
    for (const pod of cluster.pods) { await ready(pod); }
  });
  afterAll(() => lab?.close());

  beforeEach(() => { step = begin(); });
  afterEach(() => said.push(...cluster.pods.map(pod => pod.container().log)));

  async function certificate(name: string) {
    const pair = await authority.issue(name, { user: name, names: [ADDRESS] });
    return { 'tls.crt': fs.readFileSync(pair.certificate), 'tls.key': fs.readFileSync(pair.key) };
  }

  async function ready(pod: Pod): Promise<void> {
    await until('the server is ready', async () => {
      if (!pod.container().running) { throw new Error(pod.container().log); }
      return (await pod.probe('readiness')).status === 0;
    });
  }

  /** As an engine makes it. */
  function begin(): string {
    const token = randomBytes(32).toString('hex');
    for (const name of ['', 'in', 'in/sub', 'out']) {
      fs.mkdirSync(at(token, name));
      fs.chownSync(at(token, name), USER, USER);
    }
    write(path.join(token, 'in/file'), 'content\n');
    return token;
  }

  function write(file: string, content: string | Buffer): void {
    fs.writeFileSync(at(file), content);
    fs.chownSync(at(file), USER, USER);
  }

  /** From a node of another cluster; or, of one pod alone, from its own node, as their load balancer does. */
  const curl = (pod: Pod | undefined, args: string[]) => (pod ? here : elsewhere).machine.attempt([
    'curl', '--silent', '--show-error', '--path-as-is', '--cacert', authority.certificate, '--max-time', '120',
    '--resolve', `${ADDRESS}:8443:${pod?.address ?? cluster.service('wflow-staging').publicAddress}`, ...args,
  ], { timeout: 130 });

  /** Asks as a step does. The path is sent as it is. */
  async function ask(method: string, url: string, args: string[] = [], pod?: Pod) {
    asked += 1;
    const answer = scratch(`answer${asked}`);
    const { stdout, stderr } = await curl(pod, [
      ...method === 'HEAD' ? ['--head'] : ['--request', method], '--output', answer, '--write-out', '%{http_code}', ...args, `https://${ADDRESS}:8443${url}`,
    ]);
    return { status: Number(stdout), body: fs.existsSync(answer) ? fs.readFileSync(answer) : Buffer.alloc(0), stderr };
  }

  const put = (url: string, content: Buffer | string, args: string[] = [], pod?: Pod) => {
    asked += 1;
    const file = scratch(`sent${asked}`);
    fs.writeFileSync(file, content);
    return ask('PUT', url, ['--upload-file', file, ...args], pod);
  };

  const encoded = (name: string) => encodeURIComponent(name);

  /** All that is below a directory, with what files hold and where links lead. */
  function listing(directory: string): string[] {
    return fs.readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
      const place = path.join(directory, entry.name);
      if (entry.isDirectory()) { return [place, ...listing(place)]; }
      return [`${place} ${entry.isSymbolicLink() ? fs.readlinkSync(place) : sha(fs.readFileSync(place))}`];
    }).sort();
  }

  /** What is being received. */
  const incoming = () => fs.readdirSync(at('.incoming')).map(name => fs.statSync(at('.incoming', name)).size);

  /** An upload that takes a quarter of a minute, when some of it is on the volume. */
  async function slowly(url: string, pod?: Pod): Promise<{ readonly ended: Promise<{ status: number }> }> {
    const ended = put(url, randomBytes(6 * MEGABYTE), ['--limit-rate', '400k'], pod);
    await until('some of it is there', async () => incoming().some(size => size > 0), 60);
    return { ended };
  }

  test('the directory is the engines\' user\'s, and nobody else\'s; what a killed server had received goes after a day', async () => {
    const { uid, mode } = fs.statSync(staging);
    // eslint-disable-next-line no-bitwise
    expect([uid, (mode & 0o7).toString(8)]).toEqual([USER, '0']);
    for (const [name, hours] of [['old', 25], ['new', 23]] as const) {
      write(path.join('.incoming', name), 'part');
      fs.utimesSync(at('.incoming', name), new Date(), new Date(Date.now() - hours * 3600_000));
    }
    await ready(await cluster.replace(cluster.pods[0]));
    expect(fs.readdirSync(at('.incoming'))).toEqual(['new']);
    fs.rmSync(at('.incoming', 'new'));
    expect((await cluster.pods[0].probe('liveness')).status).toBe(0);
  });

  test('files of in are fetched, whole and in parts, whatever their names', async () => {
    const content = randomBytes(8 * MEGABYTE);
    write(`${step}/in/sub/large`, content);
    for (let count = 0; count < 6; count += 1) { expect(sha((await ask('GET', `/${step}/in/sub/large`)).body)).toBe(sha(content)); }
    expect(await ask('GET', `/${step}/in/sub/large`, ['--range', '1000000-1000009'])).toMatchObject({ status: 206, body: content.subarray(1_000_000, 1_000_010) });
    const head = await ask('HEAD', `/${step}/in/sub/large`);
    expect([head.status, head.body.toString()]).toEqual([200, expect.stringContaining(`Content-Length: ${content.length}`)]);
    for (const name of ODD) {
      fs.mkdirSync(at(step, 'in', name));
      write(path.join(step, 'in', name, name), name);
      expect(await ask('GET', `/${step}/in/${encoded(name)}/${encoded(name)}`)).toMatchObject({ status: 200, body: Buffer.from(name) });
    }
  });

  test('directories and files are put into out, whatever their names, empty ones too, and again', async () => {
    const content = randomBytes(8 * MEGABYTE);
    expect((await ask('MKCOL', `/${step}/out/sub/`)).status).toBe(201);
    expect((await ask('MKCOL', `/${step}/out/sub/`)).status).toBe(405);
    expect((await put(`/${step}/out/sub/large`, 'to be replaced')).status).toBe(201);
    expect((await put(`/${step}/out/sub/large`, content)).status).toBe(204);
    expect((await put(`/${step}/out/chunked`, content, ['--header', 'Transfer-Encoding: chunked'])).status).toBe(201);
    expect((await put(`/${step}/out/empty`, '')).status).toBe(201);
    for (const [name, expected] of [['sub/large', content], ['chunked', content], ['empty', Buffer.alloc(0)]] as const) {
      expect(sha(fs.readFileSync(at(step, 'out', name)))).toBe(sha(expected));
      const { uid, mode } = fs.statSync(at(step, 'out', name));
      // eslint-disable-next-line no-bitwise
      expect([uid, (mode & 0o777).toString(8)]).toEqual([USER, '644']);
    }
    for (const name of ODD) {
      expect((await ask('MKCOL', `/${step}/out/${encoded(name)}/`)).status).toBe(201);
      expect((await put(`/${step}/out/${encoded(name)}/${encoded(name)}`, name)).status).toBe(201);
      expect(fs.readFileSync(at(step, 'out', name, name), 'utf8')).toBe(name);
    }
    const many = await Promise.all(Array.from({ length: 20 }, (_, index) => put(`/${step}/out/many${index}`, randomBytes(MEGABYTE))));
    expect(many.map(({ status }) => status)).toEqual(many.map(() => 201));
    expect(incoming()).toEqual([]);
  });

  test('a file whose directory isn\'t there makes none', async () => {
    expect((await put(`/${step}/out/none/file`, 'x')).status).toBe(409);
    expect((await ask('MKCOL', `/${step}/out/none/sub/`)).status).toBe(409);
    // a directory has a slash at its end, a file none
    expect((await ask('MKCOL', `/${step}/out/sub`)).status).toBe(409);
    expect((await ask('PUT', `/${step}/out/sub/`, ['--data-binary', 'x'])).status).toBe(409);
    expect(listing(at(step, 'out'))).toEqual([]);
  });

  test('nothing else: no listing, no other method, no other path, however it is written', async () => {
    write('beside', 'secret');
    write(`${step}/beside`, 'secret');
    write(`${step}/out/written`, 'secret');
    write(`${step}/in/sub/index.html`, 'secret');
    const other = begin();
    const before = listing(staging);
    const T = `/${step}`;
    const dots = ['..', '%2e%2e', '.%2e', '..%2f', '%2e%2e%2f', '..%5c', '%252e%252e', '..;', '%c0%ae%c0%ae'];
    const requests = [
      ...['/', '//', T, `${T}/`, `${T}/in`, `${T}/in/`, `${T}/in/sub`, `${T}/in/sub/`, `${T}/out`, `${T}/out/`, `${T}/out/written`, `${T}/beside`, '/beside', '/.incoming', '/.incoming/',
        '/healthz/', `/healthz${T}/in/file`, `${T}/in/file/`, `${T}/in/file/x`, `${T}/in/missing`, `${T}/in/file%00`, `${T}/in/%00`, `${T}/in/file%0a`, `${T}/IN/file`,
        `${T.toUpperCase()}/in/file`, `/x${T}/in/file`, `${T}x/in/file`, `/${step.slice(1)}/in/file`, `${T}%00/in/file`, `/${'0'.repeat(64)}/in/file`, `${T}/in/../out/written`].map(url => ['GET', url]),
      ...dots.flatMap(dot => [
        `${T}/in/${dot}/beside`, `${T}/in/${dot}/${dot}/beside`, `${T}/in/${dot}/${dot}/${dot}/etc/passwd`, `/${dot}/etc/passwd`, `${T}/in/${dot}/out/written`,
        `${T}/in/sub/${dot}/${dot}/${dot}/beside`, `${T}${dot}/beside`,
      ].flatMap(url => [['GET', url], ['HEAD', url], ['MKCOL', `${url}/`], ...url.endsWith('out/written') ? [] : [['PUT', url]]])),
      ...['in/file', 'in/new', 'new', 'beside', 'out/../new', 'out/../../new', 'out', 'out/..', 'in', 'out/written/below'].map(name => ['PUT', `${T}/${name}`]),
      ...['/new', '/beside', '/.incoming/new', `/${'0'.repeat(64)}/out/new`].map(url => ['PUT', url]),
      ...['in/new/', 'new/', 'out/', 'out/../new/', 'out/written/', 'out/written/below/'].map(name => ['MKCOL', `${T}/${name}`]),
      ...['/', '/new/', `/${'0'.repeat(64)}/`, `/${'0'.repeat(64)}/out/new/`].map(url => ['MKCOL', url]),
      ...['DELETE', 'POST', 'PATCH', 'OPTIONS', 'PROPFIND', 'PROPPATCH', 'LOCK', 'UNLOCK', 'TRACE', 'CONNECT', 'REPORT', 'put'].flatMap(method =>
        [`${T}/in/file`, `${T}/out/written`, `${T}/out/`].map(url => [method, url])),
      ...['in/file', 'out/written'].flatMap(name => [['GET', 'in/file'], ['PUT', 'out/written']].map(([, from]) => ['MOVE', `${T}/${from}`, `${T}/${name}2`])),
      ...['in/file', 'out/written'].map(name => ['COPY', `${T}/${name}`, `/${other}/out/copied`]),
    ];
    const wrong: object[] = [];
    for (const [method, url, destination] of requests) {
      const args = destination ? ['--header', `Destination: https://${ADDRESS}:8443${destination}`] : [];
      const { status, body } = await ask(method, url, method === 'PUT' ? ['--data-binary', 'x'] : args);
      if (![400, 403, 404, 405, 409, 501].includes(status) || /secret|content|root:|written|file/.test(body.toString())) {
        wrong.push({ method, url, status, body: body.toString() });
      }
    }
    expect(wrong).toEqual([]);
    expect((await ask('PUT', `${T}/out/part`, ['--data-binary', 'x', '--header', 'Content-Range: bytes 1-1/2'])).status).toBe(501);
    expect(listing(staging)).toEqual(before);
  });

  test('symbolic links lead nowhere, in either direction', async () => {
    write('beside', 'secret');
    const links = { 'in/link': '../../beside', 'in/up': '../..', 'in/etc': '/etc', 'in/loop': 'loop', 'in/same': 'file', 'out/up': '../..', 'out/root': '/', 'out/in': '../in' };
    for (const [name, target] of Object.entries(links)) { fs.symlinkSync(target, at(step, name)); }
    const before = listing(staging);
    for (const url of ['in/link', 'in/up/beside', 'in/etc/passwd', 'in/loop', 'in/same']) { expect([url, (await ask('GET', `/${step}/${url}`)).status]).toEqual([url, 404]); }
    for (const url of ['out/up/new', 'out/root/tmp/new', 'out/in/new', 'out/up/.incoming/new']) {
      expect([url, (await put(`/${step}/${url}`, 'x')).status]).toEqual([url, 409]);
      expect([url, (await ask('MKCOL', `/${step}/${url}/`)).status]).toEqual([url, 409]);
    }
    expect(listing(staging)).toEqual(before);
    // instead of the link, not where it leads
    fs.symlinkSync('../in/file', at(step, 'out/file'));
    expect((await put(`/${step}/out/file`, 'new')).status).toBe(204);
    expect([fs.lstatSync(at(step, 'out/file')).isFile(), fs.readFileSync(at(step, 'in/file'), 'utf8')]).toEqual([true, 'content\n']);
  });

  test('who has no token writes nothing to the volume, not even for a while', async () => {
    let most = 0;
    const watch = setInterval(() => { most = Math.max(most, incoming().length); }, 5);
    for (const url of [`/${'0'.repeat(64)}/out/file`, `/${step}/out/none/file`, `/${step}/in/file`, '/file']) {
      const { status } = await put(url, randomBytes(4 * MEGABYTE), ['--header', 'Expect:', '--limit-rate', '2M']);
      expect([url, [403, 404, 409].includes(status)]).toEqual([url, true]);
    }
    clearInterval(watch);
    expect(most).toBe(0);
  });

  test('when the step has ended nothing below its token is answered, nor comes an upload back that was under way', async () => {
    const uploads = await Promise.all(cluster.pods.map((pod, index) => slowly(`/${step}/out/late${index}`, pod)));
    fs.renameSync(at(step), at('.ended'));
    for (const pod of cluster.pods) {
      for (const [method, name, expected] of [['GET', 'in/file', 404], ['HEAD', 'in/file', 404], ['PUT', 'out/file', 409], ['MKCOL', 'out/sub/', 409]] as const) {
        expect([method, (await ask(method, `/${step}/${name}`, [], pod)).status]).toEqual([method, expected]);
      }
    }
    for (const upload of uploads) { expect((await upload.ended).status).toBe(409); }
    expect([fs.existsSync(at(step)), listing(at('.ended/out')), incoming()]).toEqual([false, [], []]);
    fs.rmSync(at('.ended'), { recursive: true });
  });

  test('a renewed certificate is served without a restart, and one that is none is said', async () => {
    const subject = async (pod: Pod) => /subject: CN=(\S+)/.exec((await curl(pod, ['--verbose', `https://${ADDRESS}:8443/healthz`])).stderr)?.[1];
    const subjects = () => Promise.all(cluster.pods.map(subject));
    expect(await subjects()).toEqual(['first', 'first']);
    const pids = cluster.pods.map(pod => pod.container().pid);
    const upload = await slowly(`/${step}/out/file`);
    cluster.setSecret(SECRET, await certificate('second'));
    expect(await subjects()).toEqual(['second', 'second']);
    expect((await upload.ended).status).toBe(201);
    cluster.setSecret(SECRET, { ...await certificate('third'), 'tls.crt': 'none' });
    for (const pod of cluster.pods) {
      expect((await pod.probe('readiness')).status).not.toBe(0);
      expect((await pod.probe('liveness')).status).toBe(0);
      expect(pod.container().log).toContain('[error] ');
      expect(pod.container().log).toContain('cannot load certificate "/certificate/tls.crt"');
    }
    cluster.setSecret(SECRET, await certificate('third'));
    expect(await subjects()).toEqual(['third', 'third']);
    expect(cluster.pods.map(pod => pod.container().pid)).toEqual(pids);
  });

  test('TLS 1.2 and 1.3, and nothing older, nor without', async () => {
    const [pod] = cluster.pods;
    const speak = (version: string): Promise<CommandResult> => here.machine.attempt(
      ['openssl', 's_client', '-connect', `${pod.address}:8443`, `-${version}`, '-cipher', 'ALL:@SECLEVEL=0'], { timeout: 30 });
    for (const version of ['tls1_2', 'tls1_3']) { expect((await speak(version)).stdout).toMatch(/Cipher is (ECDHE|TLS)_?\S+/); }
    for (const version of ['tls1', 'tls1_1']) { expect((await speak(version)).stderr).toContain('alert protocol version'); }
    const plain = await here.machine.attempt(['curl', '--silent', '--write-out', '%{http_code}', '--output', '/dev/null', `http://${pod.address}:8443/${step}/in/file`], { timeout: 30 });
    expect(plain.stdout).toBe('400');
  });

  test('what is under way comes to its end when SIGQUIT stops it', async () => {
    const pod = await cluster.startPod(deployment);
    await ready(pod);
    const upload = await slowly(`/${step}/out/file`, pod);
    pod.kill('SIGQUIT');
    expect((await upload.ended).status).toBe(201);
    expect(await pod.container().exited).toBe(0);
    said.push(pod.container().log);
    await cluster.delete(pod, { grace: 0 });
  });

  test('its log has no token and no path, whatever is asked and however', async () => {
    const [pod] = cluster.pods;
    await ask('GET', `/${step}/in/file?${step}`, ['--referer', `https://${ADDRESS}/${step}/in/file`, '--user-agent', step, '--header', `Host: ${step}`]);
    for (const request of [
      `GET /${step}/in/file\r\n\r\n`, `GET /${step}/in/\x01 HTTP/1.1\r\n\r\n`, `/${step}\r\n\r\n`, `GET /${step}/in/file HTTP/9.9\r\n\r\n`, `GET /${step}/in/file HTTP/1.1\r\nHost: a b\r\n\r\n`,
      `GET /${step}/in/${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`, `PUT /${step}/out/file HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
      `PUT /${step}/out/file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`, `PUT /${step}/out/file HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx`,
    ]) {
      await here.machine.attempt(['openssl', 's_client', '-quiet', '-no_ign_eof', '-connect', `${pod.address}:8443`], { input: request, timeout: 30 });
    }
    // a file that it may not read, and an error of the volume's
    write(`${step}/in/closed`, 'x');
    fs.chownSync(at(step, 'in/closed'), 0, 0);
    fs.chmodSync(at(step, 'in/closed'), 0);
    expect((await ask('GET', `/${step}/in/closed`)).status).toBe(404);
    fs.chownSync(at(step, 'out'), 0, 0);
    fs.chmodSync(at(step, 'out'), 0o755);
    expect((await put(`/${step}/out/file`, 'x')).status).toBe(500);
    expect((await ask('MKCOL', `/${step}/out/sub/`)).status).toBe(403);
    const log = [...said, ...cluster.pods.map(each => each.container().log)].join('\n');
    const tokens = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
    expect(tokens.test(`/${step}/in`)).toBe(true);
    expect(log).not.toMatch(tokens);
    for (const name of ['/in', '/out', 'late0', 'large', '.incoming', 'healthz']) { expect(log).not.toContain(name); }
    expect(log).toMatch(/^\d{4}-\S+ 10\.\S+ PUT 201 \d+ \d+ [\d.]+$/m);
    expect(log).toMatch(/ PUT 500 /);
  });
});
