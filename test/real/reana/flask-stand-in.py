#!/usr/bin/env python3
"""In place of `flask reana-admin create-admin-user`, which the image of REANA's server alone has: it makes the user that this makes, with a token of its own,
by the same models, in the same two steps, and refuses one that is there."""
import secrets
import sys

from reana_db.database import Session
from reana_db.models import User

assert sys.argv[1:3] == ['reana-admin', 'create-admin-user'], sys.argv
options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
assert options['--password'], 'no password'
if Session.query(User).filter_by(id_='00000000-0000-0000-0000-000000000000').one_or_none():
    sys.exit('the administrator is there')
user = User(id_='00000000-0000-0000-0000-000000000000', email=options['--email'])
Session.add(user)
Session.commit()
user.access_token = secrets.token_urlsafe(16)
Session.commit()
print(user.access_token)
