import { problem } from '../problem';

/** In which time core-hours add up. Each begins at midnight UTC. */
export type BudgetPeriod = 'day' | 'month' | 'year';

/**
 * How many core-hours the machines of an elastic fleet may use in a member. An hour of a machine of 8 cores is 8 core-hours, whether jobs run or not.
 *
 * A wrong number does not throw: the fleet reports it at synth.
 */
export class CoreHourBudget {
  /**
   * A budget for each day, from midnight to midnight UTC.
   *
   * @param coreHours greater than 0, and enough for one machine: its cores times the fleet's `lifetime` and `idleShutdown`
   */
  public static perDay(coreHours: number): CoreHourBudget {
    return new CoreHourBudget(coreHours, 'day');
  }

  /**
   * A budget for each month, from the first at midnight UTC.
   *
   * @param coreHours greater than 0, and enough for one machine: its cores times the fleet's `lifetime` and `idleShutdown`
   */
  public static perMonth(coreHours: number): CoreHourBudget {
    return new CoreHourBudget(coreHours, 'month');
  }

  /**
   * A budget for each year, from the first of January at midnight UTC.
   *
   * @param coreHours greater than 0, and enough for one machine: its cores times the fleet's `lifetime` and `idleShutdown`
   */
  public static perYear(coreHours: number): CoreHourBudget {
    return new CoreHourBudget(coreHours, 'year');
  }

  private constructor(
    /**
     * What may be used in one period, in core-hours.
     */
    public readonly coreHours: number,
    /** @internal */
    public readonly _period: BudgetPeriod,
  ) {}
}

/** What is wrong with a budget of which one machine may use so much. */
export function budgetProblems(where: string, { coreHours }: CoreHourBudget, ofOneMachine: number): string[] {
  if (coreHours >= ofOneMachine && Number.isFinite(coreHours)) { return []; }
  const least = Number.isFinite(ofOneMachine) ? `at least ${Math.ceil(ofOneMachine * 1000) / 1000}, what one machine may use in its lifetime` : 'greater than 0';
  return [problem(where, Number.isFinite(coreHours) ? coreHours : String(coreHours), `core-hours, ${least}`)];
}
