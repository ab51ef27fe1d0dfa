import Ajv, { ErrorObject, ValidateFunction } from 'ajv';
import { isSecret } from './context';
import { Problem, shown } from './problem';

/** One for all: strict, and it changes nothing of what it looks at. */
const ajv = new Ajv({ strict: false, verbose: true });

/** Judges values by a JSON Schema whose properties say in their `description` what is allowed. */
export class Validator {
  private readonly validate: ValidateFunction;

  public constructor(schema: object) {
    this.validate = ajv.compile(schema);
  }

  /** What is wrong with a value, if anything. */
  public problemOf(value: unknown): Problem | undefined {
    return this.validate(value) ? undefined : problemOf(this.validate.errors![0]);
  }
}

function problemOf({ keyword, instancePath, params, data, parentSchema, message }: ErrorObject): Problem {
  const path = instancePath.slice(1).split('/').filter(part => part).map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'additionalProperties') {
    const known = Object.keys(parentSchema!.properties).join(', ');
    return { property: shown([...path, params.additionalProperty].join('.')).slice(1, -1), given: 'something', allowed: `of these alone: ${known}` };
  }
  if (keyword === 'required') {
    const name = params.missingProperty;
    return { property: [...path, name].join('.'), given: 'nothing', allowed: parentSchema!.properties?.[name]?.description ?? 'it is required' };
  }
  const property = path.length > 0 ? shown(path.join('.')).slice(1, -1) : 'body';
  return { property, ...!isSecret(path[0]) && { given: shown(data) }, allowed: parentSchema?.description ?? message ?? 'something else' };
}
