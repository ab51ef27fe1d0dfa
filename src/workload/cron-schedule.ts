import type { Duration } from 'cdk8s';

const MINUTES_OF = { hour: 60, day: 24 * 60, week: 7 * 24 * 60 };

/** What a schedule can say. */
export const SCHEDULABLE = 'a part of an hour in whole minutes, at least 5; a part of a day in whole hours; a day; a week';

/** Whether a schedule can express an interval. */
export function isSchedulable(interval: Duration): boolean {
  const minutes = interval.toMinutes({ integral: false });
  return Number.isInteger(minutes) && minutes >= 5
    && (MINUTES_OF.hour % minutes === 0 || (minutes % MINUTES_OF.hour === 0 && MINUTES_OF.day % minutes === 0) || minutes === MINUTES_OF.week);
}

/** The schedule of an interval that begins some minutes after its natural beginning. */
export function cronSchedule(interval: Duration, offset: number): string {
  const minutes = Math.round(interval.toMinutes({ integral: false }));
  const shift = offset % minutes;
  const [minute, hour, day] = [shift % MINUTES_OF.hour, Math.floor(shift / MINUTES_OF.hour) % 24, Math.floor(shift / MINUTES_OF.day)];
  if (minutes < MINUTES_OF.hour) { return `${minute}-59/${minutes} * * * *`; }
  if (minutes < MINUTES_OF.day) { return `${minute} ${hour}-23/${minutes / MINUTES_OF.hour} * * *`; }
  return `${minute} ${hour} * * ${minutes === MINUTES_OF.week ? day : '*'}`;
}
