/** The variables of the initialisation beside those of the server. */
export const ADMINISTRATOR = {
  email: 'REANA_ADMIN_EMAIL', password: 'REANA_ADMIN_PASSWORD', token: 'REANA_ADMIN_ACCESS_TOKEN',
} as const;

/**
 * Brings the database to the schema of the image that it runs in, and sees to the administrator. It runs again at any time, from wherever it was stopped.
 *
 * - A schema without tables: it is stamped with the image's revision first, and then all tables are made, in one transaction. So tables that are there
 *   have their revision. (The other way round, an interruption would leave tables that look like those of an old REANA.)
 * - Tables with a revision: they are upgraded, in one transaction.
 * - Tables without one: nobody knows how old they are. It stops and says what to do.
 *
 * The administrator's access token is the one in the Secret: nothing has to be read from a log, and no right at the API server is needed to keep it.
 */
export const INITIALIZATION_SCRIPT = `\
import os
import re
import shutil
import subprocess
import sys
import time

ADMINISTRATOR = "00000000-0000-0000-0000-000000000000"
SCHEMA = "__reana"
# any number that nobody else locks
LOCK = 7326221
PATIENCE = float(os.environ.get("REANA_INIT_PATIENCE", "600"))


def stop(message):
    sys.exit("initialisation: " + message)


def say(message):
    print("initialisation: " + message, flush=True)


def check_environment():
    """What REANA couldn't use is refused before anything is touched. Values are never printed."""
    given = os.environ.get
    in_urls = [] if given("REANA_SQLALCHEMY_DATABASE_URI") else ["REANA_DB_USERNAME", "REANA_DB_PASSWORD"]
    in_urls += [] if given("RABBIT_MQ") else ["RABBIT_MQ_USER", "RABBIT_MQ_PASS"]
    in_urls += ["${ADMINISTRATOR.token}"]
    empty = [name for name in in_urls + ["REANA_SECRET_KEY", "${ADMINISTRATOR.email}", "${ADMINISTRATOR.password}"] if not given(name)]
    if empty:
        stop("empty, and must come from a Secret or the platform: " + ", ".join(empty))
    unsafe = [name for name in in_urls if not re.fullmatch(r"[A-Za-z0-9._~-]+", given(name))]
    if unsafe:
        stop("of letters, digits, '-', '_', '.' and '~' alone, since REANA puts them into URLs as they are: " + ", ".join(unsafe))
    if not 16 <= len(given("${ADMINISTRATOR.token}")) <= 255:
        stop("${ADMINISTRATOR.token} must have 16 to 255 characters")


def run(*command, advice=""):
    say("running " + " ".join(command))
    status = subprocess.run(command).returncode
    if status != 0:
        stop(" ".join(command) + " ended with " + str(status) + advice)


def connect(engine):
    """A connection, as soon as the database takes any."""
    from sqlalchemy.exc import OperationalError

    end = time.monotonic() + PATIENCE
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            reason = str(error.orig).strip()
            if "authentication failed" in reason or "does not exist" in reason or time.monotonic() > end:
                stop("the database can't be used: " + reason)
            say("waiting for the database: " + reason.splitlines()[0])
            time.sleep(2)


def ask(engine, query, **values):
    """The first column of what a query finds."""
    from sqlalchemy import text

    with engine.connect() as connection:
        return [row[0] for row in connection.execute(text(query), values)]


def tables(engine, schema):
    return set(ask(engine, "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = :schema", schema=schema))


def see_to_tables(engine):
    from sqlalchemy import text

    found = tables(engine, SCHEMA)
    if not found - {"alembic_version"}:
        say("first installation")
        with engine.begin() as connection:
            connection.execute(text('CREATE SCHEMA IF NOT EXISTS "' + SCHEMA + '"'))
        run("reana-db", "alembic", "init")
        run("reana-db", "init")
        return
    revisions = ask(engine, 'SELECT version_num FROM "' + SCHEMA + '".alembic_version') if "alembic_version" in found else []
    if not revisions:
        stop(
            "there are tables, and nothing says of which revision they are. If they are those of this image, run reana-db alembic init; "
            "if they are older, write their revision into " + SCHEMA + ".alembic_version. Nothing was changed"
        )
    say("there is a database of revision " + ", ".join(revisions))
    run("reana-db", "alembic", "upgrade", advice=": is the database of a newer REANA than this image? Nothing was changed")


def see_to_resources(engine):
    from reana_db.config import DEFAULT_QUOTA_RESOURCES

    if set(DEFAULT_QUOTA_RESOURCES.values()) - set(ask(engine, 'SELECT name FROM "' + SCHEMA + '".resource')):
        run("reana-db", "quota", "create-default-resources")


def see_to_accounts():
    """Tables of those who log in. What is there stays."""
    if shutil.which("invenio"):
        run("invenio", "db", "create")


def see_to_administrator(engine):
    email, password = os.environ["${ADMINISTRATOR.email}"], os.environ["${ADMINISTRATOR.password}"]
    known = ask(engine, 'SELECT email FROM "' + SCHEMA + '".user_ WHERE id_ = :id', id=ADMINISTRATOR)
    if not known:
        say("making the administrator " + email)
        made = subprocess.run(
            ["flask", "reana-admin", "create-admin-user", "--email", email, "--password", password], stdout=subprocess.PIPE, text=True
        )
        if made.returncode != 0 or not ask(engine, 'SELECT email FROM "' + SCHEMA + '".user_ WHERE id_ = :id', id=ADMINISTRATOR):
            # on success it prints a token
            stop("flask reana-admin create-admin-user ended with " + str(made.returncode) + ": " + made.stdout.strip())
    elif known != [email]:
        say("the administrator is " + known[0] + " and stays so")
    # it makes the user first and the account to log in with afterwards
    account = known[0] if known else email
    if "accounts_user" in tables(engine, "public") and not ask(engine, "SELECT id FROM public.accounts_user WHERE lower(email) = lower(:email)", email=account):
        say("making the account that the administrator logs in with")
        subprocess.run(["invenio", "users", "create", account, "--password", password, "--active", "--confirm"], check=True)


def see_to_token():
    from reana_db.database import Session
    from reana_db.models import User, UserTokenStatus

    wanted = os.environ["${ADMINISTRATOR.token}"]
    administrator = Session.query(User).filter_by(id_=ADMINISTRATOR).one()
    try:
        present = administrator.access_token
    except Exception as error:
        stop(
            "the administrator's token can't be read (" + type(error).__name__ + "): REANA_SECRET_KEY isn't the one that it was written with. "
            "To change the key run reana-db migrate-secret-key --old-key"
        )
    if present == wanted:
        return
    say("the administrator's access token is now the one in the Secret")
    if present is not None:
        administrator.active_token.status = UserTokenStatus.revoked
        Session.flush()
    administrator.access_token = wanted
    Session.commit()


def main():
    check_environment()
    from reana_db.config import SQLALCHEMY_DATABASE_URI
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(SQLALCHEMY_DATABASE_URI, poolclass=NullPool)
    # two of them take turns; a lock of a transaction also holds through PgBouncer
    with connect(engine) as alone, alone.begin():
        alone.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        see_to_tables(engine)
        see_to_resources(engine)
        see_to_accounts()
        see_to_administrator(engine)
        see_to_token()
    say("done")


if __name__ == "__main__":
    main()
`;
