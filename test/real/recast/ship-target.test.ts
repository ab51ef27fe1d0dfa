import { execFileSync } from 'child_process';
import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { ShipTarget } from '../../../src';
import { Estate } from '../estate';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { Machine } from '../machine';
import { describeWorkflowServer } from '../requirements';

/* eslint-disable @typescript-eslint/no-explicit-any */

const BACKEND = path.join(__dirname, '..', '..', '..', 'packages', 'wflowbackend');
const LOCATION = '/results/alice/higgs/run 1';

/** Ships a directory, as an engine does. */
const SHIP = `
import json, logging, sys
from wflowbackend import results
logging.basicConfig(level=logging.INFO)
results.ship(sys.argv[1], json.loads(sys.argv[2]), attempts=2, pause=0)
`;

describeWorkflowServer('the ship target', () => {
  let estate: Estate;
  let machine: Machine;
  let sshd: Component;
  const place = (...names: string[]) => path.join(estate.state, ...names);

  /** The synthesized container in a root of its own: this machine's files, and over them what is mounted. */
  beforeAll(async () => {
    estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    machine = await Machine.make(`${estate.prefix}-ship`);
    const chart = new Chart(new App(), 'lab');
    new ShipTarget(chart, 'target', { image: 'shiptarget' });
    const manifests: any[] = Testing.synth(chart);
    const { data } = manifests.find(({ kind }) => kind === 'ConfigMap');
    const { containers: [container], securityContext } = manifests.find(({ kind }) => kind === 'StatefulSet').spec.template.spec;

    fs.mkdirSync(place('keys'));
    for (const name of ['identity', 'stranger', 'host']) { execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place('keys', name)]); }
    fs.writeFileSync(place('keys', 'known_hosts'), `[127.0.0.1]:2022 ${fs.readFileSync(place('keys', 'host.pub'), 'utf8')}`);

    for (const directory of ['upper', 'work', 'root']) { fs.mkdirSync(place(directory)); }
    const write = (file: string, content: string | Buffer, mode = 0o444) => {
      fs.mkdirSync(path.dirname(place('upper', file)), { recursive: true });
      fs.writeFileSync(place('upper', file), content, { mode });
    };
    for (const [file, text] of Object.entries<string>(data)) { write(path.join('configuration', file), text); }
    write('etc/passwd', data.passwd);
    // a Secret's files are root's, and its pod's group may read them
    write('host-key/key', fs.readFileSync(place('keys', 'host')), 0o440);
    write('authorized/identity.pub', fs.readFileSync(place('keys', 'identity.pub')), 0o440);
    for (const file of ['host-key/key', 'authorized/identity.pub']) { fs.chownSync(place('upper', file), 0, securityContext.fsGroup); }
    fs.mkdirSync(place('upper', 'results'));
    fs.chownSync(place('upper', 'results'), securityContext.runAsUser, securityContext.fsGroup);

    const enter = [
      'mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"',
      'mount --rbind /dev "$0/root/dev"',
      'mount --rbind /proc "$0/root/proc"',
      'user=$1',
      'shift',
      'exec chroot --userspec="$user" "$0/root" "$@"',
    ].join(' && ');
    const user = `${securityContext.runAsUser}:${securityContext.runAsGroup}`;
    sshd = new Component('sshd', ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter, estate.state, user, ...container.command], {
      network: machine.path, group: new ControlGroup(estate.prefix), logs: place('logs'),
    });
    sshd.start();
    await sshd.until('listening', async () => fs.existsSync(sshd.log) && fs.readFileSync(sshd.log, 'utf8').includes('Server listening'));
    fs.mkdirSync(place('out', 'results', 'step'), { recursive: true });
    fs.writeFileSync(place('out', 'results', 'step', 'a "b" [1]*.txt'), 'content');
  });
  afterAll(() => estate?.close());

  const ship = (keys: string, spec: object = {}) => machine.attempt([
    'env', `PYTHONPATH=${BACKEND}`, 'PYTHONDONTWRITEBYTECODE=1', `WFLOW_SHIP_KEYS=${keys}`, 'python3', '-c', SHIP, place('out', 'results'),
    JSON.stringify({ user: 'ship', host: '127.0.0.1', port: '2022', location: LOCATION, ...spec }),
  ], { timeout: 60 });

  /** Keys as an engine has them, with another one in the place of one. */
  const keys = (name: string, change: { readonly [file: string]: string } = {}) => {
    fs.cpSync(place('keys'), place(name), { recursive: true });
    for (const [file, content] of Object.entries(change)) { fs.writeFileSync(place(name, file), content); }
    return place(name);
  };

  test('takes the results of an engine, whatever their names, and again', async () => {
    for (let count = 0; count < 2; count += 1) { expect(await ship(keys(`right${count}`))).toMatchObject({ status: 0 }); }
    expect(fs.readFileSync(place('upper', LOCATION, 'step', 'a "b" [1]*.txt'), 'utf8')).toBe('content');
  });

  test('nobody with another key; and no engine ships to another server', async () => {
    const stranger = await ship(keys('wrong', { identity: fs.readFileSync(place('keys', 'stranger'), 'utf8') }));
    expect(stranger).toMatchObject({ status: 1, stderr: expect.stringContaining('Permission denied (publickey)') });
    const impostor = await ship(keys('impostor', { known_hosts: `[127.0.0.1]:2022 ${fs.readFileSync(place('keys', 'stranger.pub'), 'utf8')}` }));
    expect(impostor).toMatchObject({ status: 1, stderr: expect.stringMatching(/Host key verification failed|Connection closed/) });
  });

  test('files, and nothing else: no command, no tunnel, no other user', async () => {
    const identity = place('identity');
    fs.copyFileSync(place('keys', 'identity'), identity);
    fs.chmodSync(identity, 0o600);
    const ssh = (...args: string[]) => machine.attempt([
      'ssh', '-p', '2022', '-i', identity, '-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${place('keys', 'known_hosts')}`, '-o', 'ExitOnForwardFailure=yes', ...args,
    ], { timeout: 30 });
    const command = await ssh('ship@127.0.0.1', 'echo', 'hello', '>', '/results/hello');
    expect(command.stdout).not.toContain('hello');
    expect(fs.existsSync(place('upper', 'results', 'hello'))).toBe(false);
    expect((await ssh('-N', '-R', '2023:127.0.0.1:2022', 'ship@127.0.0.1')).status).not.toBe(0);
    expect(await ssh('root@127.0.0.1', 'true')).toMatchObject({ status: 255, stderr: expect.stringContaining('Permission denied') });
  });
});
