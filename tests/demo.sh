#!/usr/bin/env bash
# The main job, in the open: a step suspends, its process is killed with SIGKILL, another process resumes it.
# `make demo` has built target/demo/reentry and the step.
set -euo pipefail
cd "$(dirname "$0")/.."
reentry=target/demo/reentry
sample=sample-steps/expense-approval/demo
export REENTRY_DATA_DIR=target/demo/data
rm -rf "$REENTRY_DATA_DIR" && mkdir -p "$REENTRY_DATA_DIR"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "\$ reentry run workflow.json --input @report.json --wait"
$reentry run $sample/workflow.json --input @$sample/report.json --wait >target/demo/run.out 2>target/demo/run.err &
pid=$!
# The run is in the inbox once it is suspended, and stays there whatever happens to the process.
until run=$($reentry inbox -o json 2>/dev/null | grep -o 'run_[0-9a-f]\{32\}' | head -n1) && [ -n "$run" ]; do
  kill -0 $pid 2>/dev/null || { cat target/demo/run.err >&2; exit 1; }
  sleep 0.1
done
cat target/demo/run.err
kill -0 $pid

say "\$ kill -9 $pid     # the process that ran the step"
kill -9 $pid
wait $pid 2>/dev/null || true  # the shell says that it was killed

say "\$ reentry inbox     # another process"
$reentry inbox

answer='{"approved": true, "approver": "Ada", "refused_lines": [3], "comment": "no receipt, no dinner"}'
say "\$ reentry resume $run --label finance --data '$answer'"
$reentry resume "$run" --label finance --data "$answer"

cat <<END

What you saw: the step had examined the report, asked, and was killed while it waited. Its memory was on disk. Another process put it back
into the same component, and the step's code went on at the next line: findings and sums were still there, and nothing was done twice.

Go on with these, from this folder:

  export PATH="$PWD/target/demo:\$PATH" REENTRY_DATA_DIR="$PWD/target/demo/data"
  reentry runs timeline $run
  reentry run $sample/workflow.json --input @$sample/report.json
  reentry inbox
  reentry new step approve --lang typescript     # or: rust javascript python go c cpp zig assemblyscript
  make install                                   # an optimized \`reentry\`, with completions and man pages
END
