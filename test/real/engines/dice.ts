/**
 * Choices by a row of random numbers that somebody else has drawn. Where the row ends each choice is the first: a shorter row, or
 * one of smaller numbers, makes a simpler thing.
 */
export class Dice {
  private position = 0;

  public constructor(private readonly rolls: readonly number[]) {}

  /** A number from 0 to one less than the sides. */
  public roll(sides: number): number {
    return (this.rolls[this.position++] ?? 0) % sides;
  }

  /** Whether the one case of so many is the case. */
  public once(cases: number): boolean {
    return this.roll(cases) === cases - 1;
  }

  public pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)];
  }

  /** At least one of them. */
  public some<T>(from: readonly T[]): T[] {
    const which = 1 + this.roll(2 ** from.length - 1);
    return from.filter((_, index) => Math.floor(which / 2 ** index) % 2 === 1);
  }

  /** Fewer than so many, each made by itself. */
  public times<T>(fewerThan: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.roll(fewerThan) }, (_, index) => make(index));
  }
}
