import { isGlob, isHttpsUrl, isPath, isToplevel } from './places';
import { Problem, shown } from './problem';
import { shapeProblem } from './shape';

/** Where results go. */
export interface Shipout {
  readonly user: string;
  readonly host: string;
  readonly port: string;
  readonly location: string;
}

/** What an engine is told: the body of a request, with what the server adds. */
export interface Context {
  readonly [property: string]: unknown;
  readonly shipout_spec?: Shipout;
}

/** What a request may ask for here. */
export interface Allowed {
  /** Where results may be shipped. */
  readonly shipTarget?: { readonly user: string; readonly host: string; readonly port: string };
  /** The hosts that engines fetch from; any if there are none. */
  readonly hosts?: readonly string[];
}

/** One property of a request: what it must be, in JSON Schema, what else is asked of it, and what is allowed in words. */
interface Property {
  readonly schema: object;
  readonly isRight?: (value: any, allowed: Allowed) => boolean;
  readonly allowed: string;
  /** An answer never repeats it. */
  readonly secret?: boolean;
}

const NAME = '^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$';

const SHIPOUT: { readonly [property: string]: Property } = {
  user: { schema: { type: 'string' }, isRight: (user, { shipTarget }) => user === shipTarget?.user, allowed: 'the user of the ship target, or nothing' },
  host: { schema: { type: 'string' }, isRight: (host, { shipTarget }) => host === shipTarget?.host, allowed: 'the ship target, or nothing' },
  port: {
    schema: { type: ['string', 'integer'] },
    isRight: (port, { shipTarget }) => `${port}` === shipTarget?.port,
    allowed: 'the port of the ship target, or nothing',
  },
  location: {
    schema: { type: 'string' },
    isRight: location => isPath(location.replace(/^\/results\//, '')),
    allowed: 'a path below /results: letters, digits and _ . + = @ - in its parts, none of which begins with a dot',
  },
};

/** All that a request has. */
const PROPERTIES: { readonly [property: string]: Property } = {
  wflowtype: { schema: { const: 'yadage' }, allowed: 'yadage' },
  interactive: { schema: { const: false }, allowed: 'false: engines that are steered by hand are not run' },
  workflow: {
    schema: { type: ['string', 'object'] },
    isRight: workflow => typeof workflow === 'string' ? isPath(workflow) && /\.(ya?ml|json)$/.test(workflow) : Array.isArray(workflow.stages),
    allowed: 'the path of a .yml, .yaml or .json file below toplevel, or a workflow: an object with a list of stages',
  },
  toplevel: {
    schema: { type: 'string' },
    isRight: (toplevel, { hosts }) => isToplevel(toplevel, hosts),
    allowed: 'github:OWNER/REPOSITORY[@REF][:PATH], gitlab-cern: likewise, from-github/PATH, an https URL, or a path among the inputs',
  },
  fixed_pars: { schema: { type: 'object' }, allowed: 'an object: parameters by their names' },
  resultlist: {
    schema: { type: 'array', maxItems: 100, items: { type: 'string' } },
    isRight: list => list.every(isGlob),
    allowed: 'at most 100 relative paths, with * ? and at most two **, none of whose parts begins with a dot',
  },
  wflowconfigname: { schema: { type: 'string', pattern: NAME }, allowed: 'a name of at most 63 letters, digits and _ . -' },
  queue: { schema: { type: 'string', pattern: NAME }, allowed: 'a name of at most 63 letters, digits and _ . -' },
  meta_details: { schema: { type: 'object' }, allowed: 'an object' },
  shipout_spec: {
    schema: { type: 'object', additionalProperties: false, required: ['location'], properties: schemas(SHIPOUT) },
    isRight: (_, { shipTarget }) => shipTarget !== undefined,
    allowed: 'an object with a location, where the server has a ship target',
  },
  inputURL: {
    schema: { type: 'string' },
    isRight: (url, { hosts }) => url === '' || isHttpsUrl(url, hosts),
    allowed: 'an https URL of at most 2048 characters with the name of a host elsewhere, and no user; empty for none',
  },
  inputAuth: { schema: { type: 'string', maxLength: 8192, pattern: '^[\\x21-\\x7e]*$' }, allowed: 'a token of at most 8192 printable characters', secret: true },
};

function schemas(properties: { readonly [property: string]: Property }): object {
  return Object.fromEntries(Object.entries(properties).map(([name, { schema, allowed }]) => [name, { ...schema, description: allowed }]));
}

/** The body of a submission. */
export const SUBMISSION = { type: 'object', additionalProperties: false, required: ['wflowtype', 'workflow'], properties: schemas(PROPERTIES) };

/** Whether a property's value stays out of answers. */
export function isSecret(property: string): boolean {
  return PROPERTIES[property]?.secret ?? false;
}

/** What is wrong with a submission that its schema doesn't tell. */
export function submissionProblem(body: { readonly [property: string]: any }, allowed: Allowed): Problem | undefined {
  return shapeProblem(body) ?? wrong('', PROPERTIES, body, allowed) ?? wrong('shipout_spec.', SHIPOUT, body.shipout_spec ?? {}, allowed) ?? inconsistent(body);
}

/** Yadage looks for what a workflow refers to where its file is, and that of one in the request itself is among the inputs. */
function inconsistent({ workflow, toplevel }: { readonly [property: string]: any }): Problem | undefined {
  return typeof workflow === 'object' && toplevel !== undefined && !isPath(toplevel)
    ? { property: 'toplevel', given: shown(toplevel), allowed: 'a path among the inputs, or nothing, beside a workflow that is an object' } : undefined;
}

function wrong(prefix: string, properties: typeof PROPERTIES, values: { readonly [property: string]: any }, allowed: Allowed): Problem | undefined {
  for (const [name, value] of Object.entries(values)) {
    const { isRight, allowed: words, secret } = properties[name];
    if (isRight && !isRight(value, allowed)) { return { property: prefix + name, ...!secret && { given: shown(value) }, allowed: words }; }
  }
  return undefined;
}

/** What an engine is told of a submission: where results go, below the name of whoever asked, and what the 2018 engines were told. */
export function contextOf(id: string, owner: string, body: { readonly [property: string]: any }, { shipTarget }: Allowed): Context {
  const { wflowtype: _, shipout_spec: shipout, ...rest } = body;
  const place = shipout && shipTarget && {
    shipout_spec: { ...shipTarget, location: `/results/${owner}/${shipout.location.replace(/^\/results\//, '')}` },
  };
  return { interactive: false, fixed_pars: {}, resultlist: [], ...rest, ...place, jobguid: id, entry_point: 'wflowyadageworker.backendtasks:run_workflow' };
}
