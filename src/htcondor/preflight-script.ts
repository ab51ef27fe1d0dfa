import { CLUSTER_NAME_VARIABLE, PATHS } from './paths';
import { CLUSTER_IDENTITY } from '../workload/cluster-identity';

/** Where the script finds the token's Secret, as a file `token`. */
export const SECRET_DIRECTORY = '/secrets/token';

/** Where the script keeps a copy of the token that is its own (`SEC_TOKEN_DIRECTORY`). */
export const TOKEN_DIRECTORY = '/tmp/tokens';

const { configMap, key } = CLUSTER_IDENTITY;

/** A knob of ours: whose token the collector wants. */
export const IDENTITY_KNOB = 'PREFLIGHT_IDENTITY';

/** How often the script looks before it says that something is wrong, and how many seconds it waits in between. */
export const TRIES = 3;
export const PAUSE = 3;

/** How many of its timeouts a collector has to answer: it looks up who asks, and name servers can be slow. */
export const PATIENCE = 4;

/**
 * What a preflight runs: Bash, for an image that holds HTCondor and little else.
 *
 * Addresses and names reach it as files and variables, never as part of a command. `condor_ping` asks the collector whether the token
 * may advertise; nothing changes there. The session that the collector makes for the question is called
 * `<host>:<pid>:<time>:<number>` (DaemonCommandProtocol::ReadCommand), and its time is the collector's: no other of its answers holds
 * one that this token may read.
 */
export const PREFLIGHT_SCRIPT = String.raw`#!/bin/bash
# Whether machines could join the pool from here: a line for each check. Ends with 1 if one found something wrong.
# Beside it: HTCondor's configuration, addresses (address, host, port, what it is), and, where the program knows it, cluster (the name).
set -uf
export LC_ALL=C
here=${PATHS.config}
secret=${SECRET_DIRECTORY}/token

ok() { printf 'ok     %s\n' "$1"; }
wrong() { printf 'wrong  %s\n' "$1"; }
skip() { printf 'skip   %s\n' "$1"; }

resolves() { # host
  local found status
  case $1 in *:*) return 0 ;; *[!0-9.]*) ;; *) return 0 ;; esac
  found=$(timeout "$TIMEOUT" getent ahosts "$1")
  status=$?
  if [ $status = 0 ]; then
    ok "DNS: $1 is $(printf '%s\n' "$found" | cut -d ' ' -f 1 | sort -u | paste -s -d ' ')"
  elif [ $status = 124 ]; then
    wrong "DNS: no name server answers for $1 within $TIMEOUT s: is there a way from here to the cluster's name server?"
  else
    wrong "DNS: $1 does not resolve in this cluster: is the name right, and known to the cluster's name server?"
  fi
  return $status
}

reaches() { # address, host, port, what it is
  local said status
  said=$(timeout "$TIMEOUT" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$2" "$3" 2>&1)
  status=$?
  if [ $status = 0 ]; then
    ok "TCP: $1, $4, answers"
  elif [ $status = 124 ]; then
    wrong "TCP: $1, $4, does not answer within $TIMEOUT s: is the address right, and open in the firewalls on the way?"
  elif [[ $said = *'Connection refused'* ]]; then
    wrong "TCP: $1, $4, refuses: does it run, and at this port?"
  else
    wrong "TCP: $1, $4, is not reached: $(printf '%s\n' "$said" | tail -n 1 | sed 's/.*: //')"
  fi
  return $status
}

# A field of the token's payload.
field() { printf '%s\n' "$token" | sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'; }

expires() { date -u -d "@$(field exp)" '+%Y-%m-%d %H:%M:%S UTC'; }

# Whether the token is over, by the clock here.
expired() { [ -n "$(field exp)" ] && [ "$(field exp)" -le "$(date +%s)" ]; }

# What is wrong with the token that nobody has to be asked about.
flaw() {
  local domain
  domain=$(condor_config_val TRUST_DOMAIN)
  if [ ! -s "$secret" ]; then
    echo "the Secret $TOKEN_SECRET in the namespace $NAMESPACE has nothing in the key $TOKEN_KEY, or is missing: create it in this cluster"
  elif [ -z "$token" ]; then
    echo "the key $TOKEN_KEY of the Secret $TOKEN_SECRET holds no token: it must hold what condor_token_create prints"
  elif [ "$(field iss)" != "$domain" ]; then
    echo "it is for another pool: $(field iss) issued it, and this pool is $domain"
  fi
}

# Why a collector does not take machines.
refusal() { # address, authorization
  local subject identity
  subject=$(field sub)
  identity=$(condor_config_val ${IDENTITY_KNOB})
  case $said in
    *DENIED*)
      if [ "$subject" != "$identity" ]; then
        echo "it is not for $cluster: it is $subject, and $1 wants $identity"
      elif [ -n "$(field scope)" ] && [[ " $(field scope) " != *"/$2 "* ]]; then
        echo "it does not allow $2: make one with -authz ADVERTISE_STARTD -authz ADVERTISE_MASTER"
      else
        echo "$1 does not grant $2 to $subject"
      fi ;;
    *'using IDTOKENS'*)
      if expired; then
        echo "it expired at $(expires): make a new one"
      else
        echo "$1 does not accept it: it is signed with another key than the pool's, or revoked, or expired by the clock there"
      fi ;;
    *'Connection closed during command authorization'*)
      echo "$1 has no collector for $cluster: does the host cluster run what the same program says?" ;;
    '')
      echo "$1 gives no answer within $((${PATIENCE} * TIMEOUT)) s" ;;
    *)
      echo "$1 gives no answer: $(printf '%s\n' "$said" | grep . | tail -n 1)" ;;
  esac
}

compare_clocks() { # address, the time before and after the question
  local there apart=0 side=
  there=$(printf '%s\n' "$said" | sed -n 's/^Session ID:.*:\([0-9]\{1,\}\):[0-9]*$/\1/p')
  if [ -z "$there" ]; then
    skip "clock: $1 does not tell its time"
    return
  elif [ "$there" -lt "$2" ]; then
    apart=$(($2 - there)) side='ahead of'
  elif [ "$there" -gt "$3" ]; then
    apart=$((there - $3)) side=behind
  fi
  if [ $apart -gt "$MAX_CLOCK_SKEW" ]; then
    wrong "clock: $apart s $side that of $1, and at most $MAX_CLOCK_SKEW s will do: does NTP set the clocks of this cluster's nodes?"
  else
    ok "clock: at most $((apart + 1)) s from that of $1"
  fi
}

ask() { # address, collector
  local said authorization before after
  for authorization in ADVERTISE_MASTER ADVERTISE_STARTD; do
    before=$(date +%s)
    if ! said=$(timeout -k 1 $((${PATIENCE} * TIMEOUT)) condor_ping -pool "$2" -type collector -verbose "$authorization" 2>&1); then
      wrong "token: $(refusal "$1" "$authorization")"
      skip "clock: $1 tells its time only to whom it lets in"
      return
    fi
    after=$(date +%s)
  done
  ok "token: $1 takes machines of $cluster from $(field sub), $([ -z "$(field exp)" ] && echo 'for good' || echo "until $(expires)")"
  compare_clocks "$1" "$before" "$after"
}

check() {
  local address host port what token problem collector unresolved=' ' reached=' '
  while read -r host; do
    resolves "$host" || unresolved="$unresolved$host "
  done < <(cut -d ' ' -f 2 "$here/addresses" | sort -u)
  while read -r address host port what; do
    if [[ $unresolved = *" $host "* ]]; then
      skip "TCP: $address, $what: the name does not resolve"
    elif reaches "$address" "$host" "$port" "$what"; then
      reached="$reached$address "
    fi
  done <"$here/addresses"

  token=$(condor_token_list 2>/dev/null | head -n 1)
  problem=$(flaw)
  [ -z "$problem" ] || wrong "token: $problem"
  if [ -z "$cluster" ]; then
    wrong "cluster: it has no name: the key ${key} of the ConfigMap ${configMap} in the namespace $NAMESPACE must hold it"
    return
  fi
  for collector in $(condor_config_val COLLECTOR_HOST | tr ',' ' '); do
    address=$(printf '%s\n' "$collector" | cut -d '?' -f 1)
    if [ -n "$problem" ]; then
      skip "clock: $address tells its time only to whom it lets in"
    elif [[ $reached = *" $address "* ]]; then
      ask "$address" "$collector"
    elif expired; then
      wrong "token: it expired at $(expires), by the clock here: make a new one"
      skip "clock: $address is not reached"
    else
      skip "token and clock: only $address can judge them, and it is not reached"
    fi
  done
}

cluster=$(cat "$here/cluster" 2>/dev/null || printenv ${CLUSTER_NAME_VARIABLE})
export ${CLUSTER_NAME_VARIABLE}="$cluster"
# HTCondor uses a token that nobody but its owner can read
umask 077
mkdir -p ${TOKEN_DIRECTORY}
[ ! -s "$secret" ] || cat "$secret" >${TOKEN_DIRECTORY}/token

for try in $(seq ${TRIES}); do
  # a pod that has just been made may not be let into the network yet
  [ $try = 1 ] || sleep ${PAUSE}
  report=$(check)
  found=$(printf '%s\n' "$report" | grep '^wrong') || break
done
[ -n "$cluster" ] || cluster='this cluster'
if [ -z "$found" ]; then
  summary="ready: machines of $cluster can join, as seen from the node $NODE"
else
  summary="not ready: machines of $cluster can't join or stay, as seen from the node $NODE"
fi
printf '%s\n' "$report" "$summary"
{ printf '%s\n' "$summary" "$found" >"$MESSAGE"; } 2>/dev/null
[ -z "$found" ]
`;
