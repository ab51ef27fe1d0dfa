// A node that is a process: it runs the first container of each engine's pod on this machine, tells the API server what a kubelet would tell, and serves
// the logs. What is mounted is a folder, and variables that name a mounted path name the folder instead. Its argument is a JSON file.
const { spawn } = require('child_process');
const fs = require('fs');
const https = require('https');
const path = require('path');

const options = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { server, namespace, directory, address, port, name } = options;
const read = file => fs.readFileSync(file);
const agent = new https.Agent({ keepAlive: true, ca: read(options.authority), cert: read(options.admin.certificate), key: read(options.admin.key) });

const running = new Map();
const record = line => fs.appendFileSync(path.join(directory, 'starts'), `${line}\n`);

function call(method, url, body, type = 'application/json') {
  return new Promise((resolve, reject) => {
    const content = body && JSON.stringify(body);
    // of a DELETE Node doesn't say by itself that a body comes
    const headers = content ? { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) } : {};
    const request = https.request(`${server}${url}`, { method, agent, headers, timeout: 10000 }, response => {
      let text = '';
      response.on('data', chunk => { text += chunk; }).on('end', () => {
        try {
          resolve({ status: response.statusCode, body: text ? JSON.parse(text) : {} });
        } catch {
          reject(new Error(`${method} ${url}: ${response.statusCode} ${text}`));
        }
      });
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error('timeout'))).end(content);
  });
}

const now = () => new Date().toISOString().replace(/\.\d+/, '');

async function heartbeat() {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} };
  await call('POST', '/api/v1/nodes', node);
  const status = {
    addresses: [{ type: 'InternalIP', address }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    conditions: [{ type: 'Ready', status: 'True', reason: 'StandIn', message: '', lastHeartbeatTime: now(), lastTransitionTime: now() }],
  };
  await call('PATCH', `/api/v1/nodes/${name}/status`, { status }, 'application/merge-patch+json');
}

/** The files of a pod's Secrets, or nothing if one isn't there yet: its container waits then. */
async function mounts(pod) {
  const root = path.join(directory, pod.metadata.uid);
  const found = {};
  for (const { name: volume, mountPath } of pod.spec.containers[0].volumeMounts ?? []) {
    const { secret } = pod.spec.volumes.find(each => each.name === volume);
    if (!secret) { continue; }
    const { status, body } = await call('GET', `/api/v1/namespaces/${namespace}/secrets/${secret.secretName}`);
    if (status !== 200) { return undefined; }
    found[mountPath] = path.join(root, volume);
    fs.mkdirSync(found[mountPath], { recursive: true });
    for (const [key, data] of Object.entries(body.data ?? {})) { fs.writeFileSync(path.join(found[mountPath], key), Buffer.from(data, 'base64')); }
  }
  return found;
}

const tell = (pod, status) => call('PATCH', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/status`, { status }, 'application/merge-patch+json');

async function start(pod) {
  const found = await mounts(pod);
  if (!found) { return; }
  const { uid, labels } = pod.metadata;
  const [container] = pod.spec.containers;
  const host = value => Object.entries(found).reduce((text, [mounted, folder]) => text.replaceAll(mounted, folder), value);
  const env = Object.fromEntries((container.env ?? []).filter(each => each.value !== undefined).map(each => [each.name, host(each.value)]));
  const folder = path.join(directory, uid);
  fs.mkdirSync(folder, { recursive: true });
  const [program, ...args] = container.command;
  const child = spawn(program, args, {
    cwd: options.workingDirectory, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOSTNAME: pod.metadata.name, WFLOW_TERMINATION_LOG: path.join(folder, 'reason'), ...env },
  });
  record(`start ${labels.wflowid} ${pod.metadata.name} ${child.pid}`);
  const entry = { child, folder };
  running.set(uid, entry);
  const log = fs.openSync(path.join(folder, 'log'), 'a');
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.on('data', data => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) { fs.writeSync(log, `${new Date().toISOString()} ${line}\n`); }
    });
  }
  child.on('error', () => undefined);
  child.on('close', (code, signal) => {
    record(`end ${labels.wflowid} ${pod.metadata.name} ${child.pid}`);
    const exitCode = code ?? 137;
    const message = fs.existsSync(path.join(folder, 'reason')) ? fs.readFileSync(path.join(folder, 'reason'), 'utf8') : '';
    entry.ended = {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{
        name: container.name, image: container.image, imageID: '', ready: false, restartCount: 0,
        state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...message && { message }, startedAt: entry.begun, finishedAt: now() } },
      }],
    };
  });
  entry.begun = now();
  await tell(pod, {
    phase: 'Running', startTime: entry.begun, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now() }],
    containerStatuses: [{ name: container.name, image: container.image, imageID: '', ready: true, restartCount: 0, state: { running: { startedAt: entry.begun } } }],
  });
}

async function look() {
  const { body } = await call('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=component%3Dwflow-engine`);
  for (const pod of body.items) {
    const { uid, deletionTimestamp } = pod.metadata;
    const entry = running.get(uid);
    if (entry?.ended && !entry.told) {
      entry.told = (await tell(pod, entry.ended)).status === 200;
    } else if (deletionTimestamp) {
      if (entry && !entry.ended) { kill(entry.child); }
      if (!entry || entry.ended) {
        await call('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`, { gracePeriodSeconds: 0, preconditions: { uid } });
      }
    } else if (!pod.spec.nodeName) {
      await call('POST', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/binding`, {
        apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target: { apiVersion: 'v1', kind: 'Node', name },
      });
    } else if (!entry && pod.status.phase === 'Pending') {
      await start(pod);
    }
  }
}

function kill(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

https.createServer({ cert: read(options.serving.certificate), key: read(options.serving.key) }, async (request, response) => {
  const [, , , pod] = new URL(request.url, 'https://node').pathname.split('/');
  const { status, body } = await call('GET', `/api/v1/namespaces/${namespace}/pods/${pod}`);
  const file = status === 200 && path.join(directory, body.metadata.uid, 'log');
  response.end(file && fs.existsSync(file) ? fs.readFileSync(file) : '');
}).listen(port, address);

process.on('SIGTERM', () => process.exit(0));
(async () => {
  for (let round = 0; ; round += 1) {
    try {
      if (round % 30 === 0) { await heartbeat(); }
      await look();
    } catch (error) {
      console.error(error.message);
    }
    await new Promise(resolve => setTimeout(resolve, 300));
  }
})();
