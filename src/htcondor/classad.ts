import { checkExpressionText, nameProblem, realText, stringText, textProblem } from './classad-text';
import { problem } from '../problem';

// Works also when a program holds two copies of this library, where instanceof doesn't.
const MARK = Symbol.for('cdk8s-hep.ClassAdExpression');

/**
 * A ClassAd expression: what HTCondor evaluates in START, RANK, machine
 * attributes and job requirements.
 *
 * Immutable. Wherever an operand is expected, a string, number or boolean
 * stands for the literal; a string is never a reference to an attribute (use
 * `attribute`, `my` or `target` for that). A wrong operand does not throw: the
 * construct that is given the expression reports it at synth, with all others.
 *
 * @example
 *
 * import { ClassAdExpression } from 'cdk8s-hep';
 *
 * const start = ClassAdExpression.target('AcctGroup').is('ATLAS')
 *   .or(ClassAdExpression.target('RequestCpus').lessOrEqual(4));
 */
export class ClassAdExpression {
  /**
   * A string literal.
   *
   * Refused are control characters, newlines and malformed Unicode.
   *
   * @param value the text that HTCondor reads back, unescaped
   */
  public static string(value: string): ClassAdExpression {
    const unfit = typeof value === 'string' ? textProblem('not a string', value) : problem('not a string', value, 'text');
    return unfit ? ClassAdExpression.refused(unfit) : new ClassAdExpression(stringText(value), true, []);
  }

  /**
   * An integer literal.
   *
   * Refused are fractions and values beyond 2^53 - 1, which a number can't hold
   * exactly; write those with `parse`.
   *
   * @param value the integer
   */
  public static integer(value: number): ClassAdExpression {
    if (!Number.isSafeInteger(value)) {
      return ClassAdExpression.refused(problem('not an integer', String(value), 'whole numbers from -(2^53 - 1) to 2^53 - 1'));
    }
    return new ClassAdExpression(String(value), value >= 0, []);
  }

  /**
   * A real literal: `3` is written as `3.0`.
   *
   * Refused are NaN and the infinities. A number of 17 significant digits is
   * written as `real("...")`, because HTCondor keeps 16 when it sends an ad.
   *
   * @param value the number, in double precision
   */
  public static real(value: number): ClassAdExpression {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return ClassAdExpression.refused(problem('not a number', String(value), 'finite numbers'));
    }
    return new ClassAdExpression(realText(value), value >= 0, []);
  }

  /**
   * `True` or `False`.
   *
   * @param value the truth value
   */
  public static boolean(value: boolean): ClassAdExpression {
    return new ClassAdExpression(value ? 'True' : 'False', true, []);
  }

  /**
   * The value of an attribute that does not exist.
   */
  public static undefinedValue(): ClassAdExpression {
    return new ClassAdExpression('undefined', true, []);
  }

  /**
   * The value of an operation that failed.
   */
  public static errorValue(): ClassAdExpression {
    return new ClassAdExpression('error', true, []);
  }

  /**
   * A list such as `{1, 2, "x"}`.
   *
   * @param values its elements, in order
   */
  public static list(...values: (string | number | boolean | ClassAdExpression)[]): ClassAdExpression {
    const elements = values.map((value) => ClassAdExpression.of(value));
    return new ClassAdExpression(`{${elements.map((element) => element.text).join(', ')}}`, true, elements);
  }

  /**
   * The value of an attribute, looked up in the ad itself and then in the one
   * it is matched with.
   *
   * Refused are names other than letters, digits and `_` (no digit first), and
   * the words that ClassAds reserve.
   *
   * @param name the attribute's name; case does not matter
   */
  public static attribute(name: string): ClassAdExpression {
    return ClassAdExpression.reference('', name);
  }

  /**
   * The value of an attribute of the ad itself: `MY.name`. In a policy of the
   * startd that is the machine's ad.
   *
   * @param name the attribute's name; see `attribute`
   */
  public static my(name: string): ClassAdExpression {
    return ClassAdExpression.reference('MY.', name);
  }

  /**
   * The value of an attribute of the ad matched with: `TARGET.name`. In a policy
   * of the startd that is the job's ad.
   *
   * @param name the attribute's name; see `attribute`
   */
  public static target(name: string): ClassAdExpression {
    return ClassAdExpression.reference('TARGET.', name);
  }

  /**
   * A call of one of HTCondor's ClassAd functions, such as `regexp("^a", Owner)`.
   *
   * The name is checked for its form only: HTCondor evaluates a function that it
   * does not know to `error`.
   *
   * @param name the function's name; case does not matter
   * @param args its arguments
   */
  public static call(name: string, args: (string | number | boolean | ClassAdExpression)[]): ClassAdExpression {
    const unfit = nameProblem('a function', name);
    if (unfit) {
      return ClassAdExpression.refused(unfit);
    }
    const operands = args.map((arg) => ClassAdExpression.of(arg));
    return new ClassAdExpression(`${name}(${operands.map((operand) => operand.text).join(', ')})`, true, operands);
  }

  /**
   * An expression in HTCondor's own notation (that of its configuration files).
   *
   * Its form is checked: literals, names and operators alternate, quotes and
   * brackets match. Refused are newlines, control characters, comments, integers
   * over 64 bits or with a leading 0, unit suffixes (`4K`), names in single quotes
   * and nested ads (`[a = 1]`).
   *
   * @param text the expression
   */
  public static parse(text: string): ClassAdExpression {
    if (typeof text !== 'string') {
      return ClassAdExpression.refused(problem('not an expression', text, 'text'));
    }
    const checked = checkExpressionText(text);
    return checked.problem ? ClassAdExpression.refused(checked.problem) : new ClassAdExpression(text.trim(), checked.single, []);
  }

  /**
   * The literal that a value stands for; an expression stands for itself.
   *
   * A whole number becomes an integer up to 2^53 - 1 and a real beyond.
   *
   * @param value a string (always a literal), number, boolean or expression
   */
  public static of(value: string | number | boolean | ClassAdExpression): ClassAdExpression {
    if (ClassAdExpression._is(value)) {
      return value;
    }
    switch (typeof value) {
      case 'string': return ClassAdExpression.string(value);
      case 'boolean': return ClassAdExpression.boolean(value);
      case 'number': return Number.isSafeInteger(value) ? ClassAdExpression.integer(value) : ClassAdExpression.real(value);
      default: return ClassAdExpression.refused(problem('not a value', value, 'strings, numbers, booleans and expressions'));
    }
  }

  /** @internal */
  public static _is(value: unknown): value is ClassAdExpression {
    return typeof value === 'object' && value !== null && MARK in value;
  }

  private static reference(scope: string, name: string): ClassAdExpression {
    const unfit = nameProblem('an attribute name', name);
    return unfit ? ClassAdExpression.refused(unfit) : new ClassAdExpression(`${scope}${name}`, true, []);
  }

  private static refused(why: string): ClassAdExpression {
    return new ClassAdExpression('error', true, [], why);
  }

  private readonly problems: string[];

  private constructor(
    private readonly text: string,
    private readonly atomic: boolean,
    operands: ClassAdExpression[],
    why?: string,
  ) {
    Object.defineProperty(this, MARK, { value: true });
    const found = why === undefined ? [] : [why];
    this.problems = operands.every((operand) => operand.problems.length === 0)
      ? found
      : [...new Set([...found, ...operands.flatMap((operand) => operand.problems)])];
  }

  /**
   * Both are true: `this && other`.
   *
   * Three-valued: `False && undefined` is False.
   */
  public and(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('&&', other);
  }

  /**
   * One is true: `this || other`.
   *
   * Three-valued: `True || undefined` is True.
   */
  public or(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('||', other);
  }

  /**
   * `!this`; undefined stays undefined.
   */
  public not(): ClassAdExpression {
    return new ClassAdExpression(`!${this.nested()}`, false, [this]);
  }

  /**
   * `this == other`: undefined if one of them is, and blind to the case of
   * strings. Prefer `is` in policies.
   */
  public equalTo(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('==', other);
  }

  /**
   * `this != other`: undefined if one of them is, and blind to the case of
   * strings. Prefer `isnt` in policies.
   */
  public notEqualTo(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('!=', other);
  }

  /**
   * `this =?= other`: the same type and value, exactly. Never undefined.
   */
  public is(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('=?=', other);
  }

  /**
   * `this =!= other`: another type or value. Never undefined.
   */
  public isnt(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('=!=', other);
  }

  /**
   * `this < other`
   */
  public lessThan(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('<', other);
  }

  /**
   * `this <= other`
   */
  public lessOrEqual(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('<=', other);
  }

  /**
   * `this > other`
   */
  public greaterThan(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('>', other);
  }

  /**
   * `this >= other`
   */
  public greaterOrEqual(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('>=', other);
  }

  /**
   * `this + other`
   */
  public plus(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('+', other);
  }

  /**
   * `this - other`
   */
  public minus(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('-', other);
  }

  /**
   * `this * other`
   */
  public times(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('*', other);
  }

  /**
   * `this / other`: of integers the integer quotient.
   */
  public dividedBy(other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    return this.binary('/', other);
  }

  /**
   * `ifThenElse(this, whenTrue, whenFalse)`
   *
   * @param whenTrue the value if this is true
   * @param whenFalse the value if this is false
   */
  public ifThenElse(
    whenTrue: string | number | boolean | ClassAdExpression, whenFalse: string | number | boolean | ClassAdExpression,
  ): ClassAdExpression {
    return ClassAdExpression.call('ifThenElse', [this, whenTrue, whenFalse]);
  }

  /**
   * The expression as HTCondor reads it. Throws if a part of it was refused.
   */
  public toString(): string {
    if (this.problems.length > 0) {
      throw new Error(`not a ClassAd expression:\n${this.problems.join('\n')}`);
    }
    return this.text;
  }

  /**
   * What was refused, in this and in its operands.
   *
   * @internal
   */
  public _problems(): string[] {
    return [...this.problems];
  }

  private binary(operator: string, other: string | number | boolean | ClassAdExpression): ClassAdExpression {
    const right = ClassAdExpression.of(other);
    return new ClassAdExpression(`${this.nested()} ${operator} ${right.nested()}`, false, [this, right]);
  }

  private nested(): string {
    return this.atomic ? this.text : `(${this.text})`;
  }
}
