import { checkCredentials, CREDENTIALS } from './credentials';
import { preparePostgres as prepare } from '../workload/postgres-scripts';

/** Makes REANA's database and its owner, or finds them. */
export function preparePostgres(databaseName: string): string {
  return prepare(databaseName, { ...CREDENTIALS.database, check: checkCredentials(CREDENTIALS.database), whose: 'REANA' });
}
