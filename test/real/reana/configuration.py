"""Loads the configuration of REANA's libraries in each environment of a list, and says what they make of it."""
import importlib
import json
import os
import sys

import reana_commons.config as commons
import reana_db.config as database
from sqlalchemy.engine import make_url

COMMONS = [
    'REANA_COMPONENT_PREFIX',
    'REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE',
    'REANA_RUNTIME_KUBERNETES_NAMESPACE',
    'REANA_INFRASTRUCTURE_COMPONENTS_HOSTNAMES',
    'REANA_INFRASTRUCTURE_KUBERNETES_SERVICEACCOUNT_NAME',
    'REANA_RUNTIME_KUBERNETES_SERVICEACCOUNT_NAME',
    'REANA_SHARED_PVC_NAME',
    'REANA_STORAGE_BACKEND',
    'REANA_CVMFS_STORAGE_CLASS_NAME',
    'KRB5_CONFIGMAP_NAME',
    'MQ_CONNECTION_STRING',
    'SHARED_VOLUME_PATH',
    'WORKSPACE_PATHS',
    'DEFAULT_WORKSPACE_PATH',
    'WORKFLOW_RUNTIME_USER_UID',
    'WORKFLOW_RUNTIME_USER_GID',
]


def resolved(environment):
    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(commons)
    importlib.reload(database)
    url = make_url(database.SQLALCHEMY_DATABASE_URI)
    return {
        **{name: getattr(commons, name) for name in COMMONS},
        'OPENAPI': commons.OPENAPI_SPECS['reana-workflow-controller'][0],
        'DATABASE': {
            'host': url.host, 'port': url.port, 'database': url.database, 'username': url.username, 'password': url.password,
        },
        'QUOTA_LIMITS': database.DEFAULT_QUOTA_LIMITS,
        'PERIODIC_QUOTA': bool(database.PERIODIC_RESOURCE_QUOTA_UPDATE_POLICY),
    }


print(json.dumps([resolved(environment) for environment in json.load(sys.stdin)]))
