# What the step of each workflow does: it says what it was given, writes the same into a file, and ends as it is told.
#
#   bash step.sh GIVEN WRITTEN [STATUS]
#
# The line is in no file and no command as it is printed: where it is found, the step has run.
set -euo pipefail
sed 's/^/the step says: /' "$1" | tee "$2"
exit "${3:-0}"
