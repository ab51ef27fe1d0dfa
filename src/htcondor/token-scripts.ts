import { PATHS } from './paths';

/** Where the scripts find signing keys (`keys/`), credentials of API servers (`credentials/`) and the pod's own account (`own/`). */
export const SECRETS = '/secrets';

/** Signing keys as HTCondor accepts them (`SEC_PASSWORD_DIRECTORY`). */
export const MINT_KEYS = '/tmp/keys';

/** What both scripts begin with. */
const PREAMBLE = String.raw`set -uf
export LC_ALL=C
umask 077
here=${PATHS.config}
failed=0

ok() { printf 'ok     %s\n' "$1"; }
wrong() { printf 'wrong  %s\n' "$1"; failed=1; }

# Calls an API server; what is sent is read from the standard input, what comes back is in a file. Prints the answer's status.
call() { # method, address, file with a credential, file with certificates of authorities or -
  { printf 'Authorization: Bearer '; tr -d '\n' <"$3"; } >/tmp/header
  [ "$4" = - ] || set -- "$1" "$2" "$3" "$4" --cacert "$4"
  method=$1 address=$2
  shift 4
  curl "$@" --silent --show-error --connect-timeout 10 --max-time 30 --request "$method" --header @/tmp/header \
    --header 'Content-Type: application/merge-patch+json' --data-binary @- --output /tmp/answer --write-out '%{http_code}' "$address" 2>/tmp/error
}

# What an API server meant that has not done it.
reason() { # status, address
  server=$(printf '%s\n' "$2" | cut -d / -f 3)
  case $1 in
    401) echo "$server does not know the credential: has it expired, or been deleted?" ;;
    403) echo "$server does not allow it: is the role applied that goes with the credential?" ;;
    404) echo "there is no Secret $(printf '%s\n' "$2" | sed 's/[?].*//; s/.*[/]namespaces[/]//; s/[/]secrets[/]/\//') at $server: create it, empty" ;;
    *) echo "$server does not answer: $1 $(tail -n 1 /tmp/error)" ;;
  esac
}

# Puts a token, in base64 on the standard input, into a Secret that is there.
put() { # what it is, key in the Secret, address of the Secret, credential, authorities
  status=$({ printf '{"data":{"%s":"' "$2"; tr -d '\n'; printf '"}}'; } | call PATCH "$3?fieldManager=cdk8s-hep" "$4" "$5")
  if [ "$status" = 200 ]; then ok "$1"; else wrong "$1: $(reason "$status" "$3")"; fi
}
`;

/**
 * What a mint runs: a shell and curl, in an image that holds HTCondor and little else. Tokens and keys pass through pipes and files in
 * memory: no argument, variable of the environment or line of output holds one.
 */
export const MINT_SCRIPT = String.raw`#!/bin/sh
# Makes the tokens of the file orders and brings each to its Secret: a line of output for each. Ends with 1 if one did not get there.
${PREAMBLE}
# HTCondor uses a key that nobody but its owner can read
mkdir -p ${MINT_KEYS}
for key in $(ls ${SECRETS}/keys 2>/dev/null); do cat "${SECRETS}/keys/$key" >"${MINT_KEYS}/$key"; done

while read -r signer identity authorizations lifetime field address credential authorities what; do
  if [ ! -s "${MINT_KEYS}/$signer" ]; then
    wrong "$what: its signing key is not there"
  elif [ ! -s "$credential" ]; then
    wrong "$what: there is no credential by which to bring it"
  elif ! condor_token_create -key "$signer" -identity "$identity" -lifetime "$lifetime" \
    $(printf ' -authz %s' $(printf '%s\n' "$authorizations" | tr , ' ')) >/tmp/token 2>/tmp/error; then
    wrong "$what: $(tail -n 1 /tmp/error)"
  else
    base64 -w 0 /tmp/token >/tmp/encoded
    put "$what until $(date -u -d "@$(($(date +%s) + lifetime))" '+%Y-%m-%d %H:%M:%S UTC')" "$field" "$address" "$credential" "$authorities" </tmp/encoded
  fi
done <$here/orders
exit $failed
`;

/** What a member runs that fetches its tokens. */
export const FETCH_SCRIPT = String.raw`#!/bin/sh
# Fetches the tokens of the file orders from the host, each into its Secret here: a line of output for each. Ends with 1 if one is missing.
${PREAMBLE}
while read -r source authorities field target what; do
  if [ ! -s ${SECRETS}/credentials/host ]; then
    wrong "$what: there is no credential by which to fetch it"
    continue
  fi
  status=$(call GET "$source?pretty=false" ${SECRETS}/credentials/host "$authorities" </dev/null)
  sed -n 's/.*"data":{"token":"\([^"]*\)"}.*/\1/p' /tmp/answer >/tmp/encoded 2>/dev/null
  if [ "$status" != 200 ]; then
    wrong "$what: $(reason "$status" "$source")"
  elif [ ! -s /tmp/encoded ]; then
    wrong "$what: the host has not made it yet"
  else
    put "$what" "$field" "$target" ${SECRETS}/own/token ${SECRETS}/own/ca.crt </tmp/encoded
  fi
done <$here/orders
exit $failed
`;
