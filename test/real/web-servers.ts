import { spawnSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { cached } from './cache';
import { Component } from './kubernetes/component';
import { ControlGroup } from './kubernetes/control-group';
import type { Lab } from './lab';
import type { Machine } from './machine';

const SUITE = 'trixie';
const PACKAGES = ['nginx-light', 'squid'];

function run(argv: string[], input = ''): string {
  const [command, ...args] = argv;
  const result = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) { throw new Error(`${argv.join(' ')} failed (${result.error?.message ?? result.status}):\n${result.stderr}`); }
  return result.stdout;
}

/** Where this machine's own apt finds Debian, and the way there. */
function debian(): { readonly sources: string; readonly options: string[] } {
  const targets = run(['apt-get', 'indextargets', '--format', '$(ORIGIN)|$(LABEL)|$(REPO_URI)', 'Created-By: Packages']).split('\n').map(line => line.split('|'));
  const mirror = process.env.DEBIAN_MIRROR ?? targets.find(([origin, label]) => origin === 'Debian' && label === 'Debian')?.[2];
  const proxies = ['http', 'https'].map(scheme => [scheme, /'(.*)'/.exec(run(['apt-config', 'shell', 'proxy', `Acquire::${scheme}::Proxy`]))?.[1]]);
  return {
    sources: `deb ${mirror} ${SUITE} main\n`,
    options: proxies.filter(([, proxy]) => proxy).map(([scheme, proxy]) => `--aptopt=Acquire::${scheme}::Proxy "${proxy}"`),
  };
}

/** A root file system with the web servers, of Debian's packages; built on first use. */
function webRootfs(): string {
  const packages = PACKAGES.join(',');
  return cached(`web-${createHash('sha256').update(`${SUITE} ${packages}`).digest('hex').slice(0, 12)}`, tree => {
    const { sources, options } = debian();
    const tar = `${tree}.tar`;
    run(['mmdebstrap', '--quiet', '--variant=minbase', `--include=${packages}`, '--aptopt=APT::Install-Recommends "false"', ...options, '--format=tar', SUITE, tar, '-'], sources);
    run(['tar', '--numeric-owner', '-xpf', tar, '-C', tree]);
  });
}

// $1 a directory of its own, $2 the root file system, $3 what is done in there; all mounts end with it
const ENTER = `set -e
mkdir -p "$1/upper" "$1/work" "$1/root" "$1/srv"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount --bind "$1/srv" "$1/root/srv"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
mount -t tmpfs -o mode=1777 shm "$1/root/dev/shm"
exec chroot "$1/root" sh -ec "$3"`;

/** A web server on a machine of the laboratory. It ends with the laboratory. */
export class WebServer {
  /** Serves the files of a directory over HTTP. */
  public static async files(lab: Lab, machine: Machine, address: string, port: number): Promise<WebServer> {
    const server = new WebServer(lab, machine, 'nginx');
    server.write('/etc/nginx/nginx.conf', `
      daemon off; pid /run/nginx.pid; error_log /dev/stderr; user www-data;
      events { }
      http { access_log off; sendfile on; server { listen ${address}:${port}; root /srv; } }`);
    await server.start('exec nginx', address, port);
    return server;
  }

  /** A cache for a site's own machines, which keeps files of up to 2 GB. */
  public static async cache(
    lab: Lab, machine: Machine, address: string, port: number, clients: string, hosts: { readonly [name: string]: string },
  ): Promise<WebServer> {
    const server = new WebServer(lab, machine, 'squid');
    server.write('/etc/hosts', ['127.0.0.1 localhost squid', ...Object.entries(hosts).map(([name, at]) => `${at} ${name}`), ''].join('\n'));
    server.write('/etc/squid/squid.conf', [
      `http_port ${address}:${port}`, 'visible_hostname squid', 'pid_filename none', 'shutdown_lifetime 0 seconds',
      `acl site src ${clients}`, 'http_access allow site', 'http_access deny all',
      'maximum_object_size 2 GB', 'cache_mem 16 MB', 'cache_dir ufs /var/spool/squid 3000 16 16', 'max_filedescriptors 1024', '',
    ].join('\n'));
    await server.start('squid -N -z && exec squid -N', address, port);
    return server;
  }

  private readonly directory: string;

  private constructor(private readonly lab: Lab, private readonly machine: Machine, private readonly name: string) {
    this.directory = path.join(lab.state, `${name}-${machine.name}`);
  }

  /** Puts a file of random bytes where it serves files from; gives the hash of its content. */
  public put(name: string, bytes: number): string {
    return run(['sh', '-ec', `head -c ${bytes} /dev/urandom | tee "$1" | sha256sum`, 'sh', path.join(this.directory, 'srv', name)]).split(' ')[0];
  }

  private write(file: string, content: string): void {
    const target = path.join(this.directory, 'upper', file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
  }

  private async start(command: string, address: string, port: number): Promise<void> {
    const component = new Component(this.name, ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', this.directory, webRootfs(), command], {
      network: this.machine.path, group: new ControlGroup(`/${this.lab.prefix}/${this.name}`), logs: this.directory,
    }).start();
    await component.until('answering', async () => (await this.machine.attempt(['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`])).status === 0);
  }
}
