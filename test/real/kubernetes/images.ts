import { execFileSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { CondorImage } from '../../../src';
import { cached } from '../cache';
import {
  APPTAINER_IMAGE, IMAGE_ENVIRONMENT, imageRootfs, MONITOR_IMAGE, PROMETHEUS_IMAGE, REANA_IMAGE, STAGING_IMAGE, YADAGE_IMAGE,
} from '../rootfs';
import { moduleDirectory, toolset } from './binaries';

/** An image that a node's containerd takes in without any registry. */
export interface Image {
  /** The name under which pods ask for it. */
  readonly name: string;
  /** The image as one file, in the form of an OCI archive. */
  readonly archive: string;
}

interface ImageConfig {
  readonly Entrypoint?: string[];
  readonly Env?: string[];
}

const PAUSE = path.join(__dirname, 'pause', 'pause.go');

function digest(file: string): string {
  return execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ')[0];
}

/**
 * Writes a tree as an OCI archive of one layer. Equal trees give equal bytes. The
 * layer isn't compressed: nobody sends it anywhere.
 */
function writeArchive(name: string, tree: string, config: ImageConfig, directory: string): void {
  const blobs = path.join(directory, 'blobs', 'sha256');
  fs.mkdirSync(blobs, { recursive: true });
  const add = (content: object) => {
    const text = JSON.stringify(content);
    const sha = createHash('sha256').update(text).digest('hex');
    fs.writeFileSync(path.join(blobs, sha), text);
    return { digest: `sha256:${sha}`, size: Buffer.byteLength(text) };
  };
  const layer = path.join(directory, 'layer');
  execFileSync('tar', ['--sort=name', '--numeric-owner', '--clamp-mtime', '--mtime=@1723032000', '-cf', layer, '-C', tree, '.']);
  const sha = digest(layer);
  const size = fs.statSync(layer).size;
  fs.renameSync(layer, path.join(blobs, sha));
  const configuration = add({
    architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [`sha256:${sha}`] },
  });
  const manifest = add({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configuration },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${sha}`, size }],
  });
  fs.writeFileSync(path.join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  fs.writeFileSync(path.join(directory, 'index.json'), JSON.stringify({
    schemaVersion: 2,
    manifests: [{
      mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, annotations: { 'io.containerd.image.name': name },
    }],
  }));
  execFileSync('tar', ['--sort=name', '--remove-files', '-cf', path.join(directory, '..', 'image'), '-C', directory, '.']);
  fs.mkdirSync(directory);
  fs.renameSync(path.join(directory, '..', 'image'), path.join(directory, 'image.oci.tar'));
}

function image(name: string, key: string, config: ImageConfig, tree: (directory: string) => string): Image {
  const hash = createHash('sha256').update(JSON.stringify([name, key, config])).digest('hex').slice(0, 12);
  const short = name.replace(/^.*\//, '').replace(/:.*/, '');
  const directory = cached(`image-${short}-${hash}`, building => {
    const scratch = `${building}.scratch`;
    fs.mkdirSync(scratch);
    writeArchive(name, tree(scratch), config, building);
  });
  return { name, archive: path.join(directory, 'image.oci.tar') };
}

/** An image that holds one static program and nothing else. */
function programImage(name: string, program: string, file: string): Image {
  return image(name, digest(file), { Entrypoint: [`/${program}`] }, tree => {
    install(file, path.join(tree, program));
    return tree;
  });
}

function install(file: string, place: string): void {
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.copyFileSync(file, place);
  fs.chmodSync(place, 0o755);
}

/** An image of this project's recipe. */
function recipeImage(reference: string): Image {
  const rootfs = imageRootfs(reference);
  return image(`docker.io/${reference}`, path.basename(rootfs), { Env: Object.entries(IMAGE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`) }, () => rootfs);
}

/** The HTCondor image of this project's recipe, under the name that the constructs give it. */
export function condorImage(): Image {
  return recipeImage(CondorImage.debian().reference);
}

/** The same with Prometheus. Nodes are given it where it is wanted. */
export function prometheusImage(): Image {
  return recipeImage(PROMETHEUS_IMAGE);
}

/** The same with Apptainer. Nodes are given it where it is wanted. */
export function apptainerImage(): Image {
  return recipeImage(APPTAINER_IMAGE);
}

/** What REANA stands on. Nodes are given it where it is wanted. */
export function reanaImage(): Image {
  return recipeImage(REANA_IMAGE);
}

/** Yadage's engine. Nodes are given it where it is wanted. */
export function yadageImage(): Image {
  return recipeImage(YADAGE_IMAGE);
}

/** Node.js, and the workflow monitor. Nodes are given it where it is wanted. */
export function monitorImage(): Image {
  return recipeImage(MONITOR_IMAGE);
}

/** nginx, for the staging server. Nodes are given it where it is wanted. */
export function stagingImage(): Image {
  return recipeImage(STAGING_IMAGE);
}

/** The cluster's name server. */
export function coreDnsImage(): Image {
  const { version, path: program } = toolset('coredns');
  return programImage(`docker.io/cdk8s-hep/coredns:${version}`, 'coredns', program('coredns'));
}

/** What containerd starts first in every pod. */
export function pauseImage(): Image {
  const source = fs.readFileSync(PAUSE, 'utf8');
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 12);
  const directory = cached(`pause-${hash}`, tree => {
    execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', path.join(tree, 'pause'), PAUSE], {
      env: { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off' },
    });
  });
  return programImage('docker.io/cdk8s-hep/pause:1', 'pause', path.join(directory, 'pause'));
}

/** Karmada's agent in a member that pulls, at the path of its own image. Nodes are given it where it is wanted. */
export function karmadaAgentImage(): Image {
  const { version, path: program } = toolset('karmada');
  return programImage(`docker.io/cdk8s-hep/karmada-agent:${version}`, 'bin/karmada-agent', program('agent'));
}

/**
 * Karmada's operator, with the CustomResourceDefinitions of its release where it keeps what it has downloaded: there is no way to GitHub here.
 *
 * @param definitions the address that it would download them from
 */
export function karmadaOperatorImage(definitions: string): Image {
  const { version, path: program } = toolset('karmada');
  const url = createHash('sha256').update(definitions).digest('hex');
  return image(`docker.io/karmada/karmada-operator:${version}`, `${digest(program('operator'))}${url}`, {}, tree => {
    install(program('operator'), path.join(tree, 'bin/karmada-operator'));
    const kept = path.join(tree, 'var/lib/karmada/cache', url);
    fs.mkdirSync(kept, { recursive: true });
    execFileSync('tar', ['--sort=name', '--numeric-owner', '--owner=0', '--group=0', '--mode=u+w', '--mtime=@1723032000', '--transform=s/^_crds/crds/',
      '-czf', path.join(kept, 'crds.tar.gz'), '-C', path.join(moduleDirectory('karmada'), 'charts/karmada'), '_crds']);
    return tree;
  });
}

/**
 * What Karmada's operator deploys, under the names that it asks for: Karmada's own programs, and instead of the releases of Kubernetes and etcd
 * that it would have from their registry those of the testbed.
 */
export function karmadaControlPlaneImages(): Image[] {
  const karmada = toolset('karmada');
  const constants = fs.readFileSync(path.join(moduleDirectory('karmada'), 'operator/pkg/constants/constants.go'), 'utf8');
  const tag = (name: string) => new RegExp(`\\b${name} = "(.+)"`).exec(constants)![1];
  const ofKubernetes = (name: string, version: string, file: string) =>
    programImage(`registry.k8s.io/${name}:${tag(version)}`, `usr/local/bin/${name}`, file);
  return [
    ...['aggregated-apiserver', 'controller-manager', 'metrics-adapter', 'scheduler', 'webhook'].map(component =>
      programImage(`docker.io/karmada/karmada-${component}:${karmada.version}`, `bin/karmada-${component}`, karmada.path(component))),
    ofKubernetes('etcd', 'EtcdDefaultVersion', toolset('etcd').path('etcd')),
    ...['kube-apiserver', 'kube-controller-manager'].map(name =>
      ofKubernetes(name, 'KubeDefaultVersion', toolset('kubernetes-newest').path(name))),
  ];
}

/** KEDA's operator, at the path of its own image. Nodes are given it where it is wanted. */
export function kedaImage(): Image {
  const { version, path: program } = toolset('keda');
  return programImage(`ghcr.io/kedacore/keda:${version.slice(1)}`, 'keda', program('operator'));
}

/** The OpenTelemetry Collector, at the path of its own image. Nodes are given it where it is wanted. */
export function collectorImage(): Image {
  const { version, path: program } = toolset('otel-collector');
  return programImage(`docker.io/otel/opentelemetry-collector-contrib:${version.slice(1)}`, 'otelcol-contrib', program('otelcol'));
}

/** VictoriaLogs, at the path of its own image. Nodes are given it where it is wanted. */
export function victoriaLogsImage(): Image {
  const { version, path: program } = toolset('victoria-logs');
  return programImage(`docker.io/victoriametrics/victoria-logs:${version}`, 'victoria-logs-prod', program('victoria-logs'));
}

/** Everything that the pods of a testbed may ask for. */
export function allImages(): Image[] {
  return [pauseImage(), coreDnsImage(), condorImage()];
}
