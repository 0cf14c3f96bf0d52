#!/usr/bin/env bash
# Metaflow 2.19.39: a flow with a FlowMutator and a required Config runs, and cannot be resumed.
#
# resume takes its configuration from the run it continues, so none is passed; with a mutator on the flow it
# ends in AttributeError: 'NoneType' object has no attribute 'get'. The same flow without the mutator
# resumes. A Config with default_value = "{}", and a mutator that bears an empty one, resumes too.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q 'setuptools<81' metaflow==2.19.39
export HOME=$work METAFLOW_USER=someone METAFLOW_DATASTORE_SYSROOT_LOCAL=$work
echo '{"a": 1}' > config.json
cat > flow.py <<'PY'
import os

from metaflow import Config, FlowMutator, FlowSpec, step


class Nothing(FlowMutator):
    def pre_mutate(self, flow):
        pass


class ResumeFlow(FlowSpec):
    config = Config("problem", required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        if os.environ.get("FIRST"):
            raise ValueError("once")
        print("read", self.config.a)


if __name__ == "__main__":
    ResumeFlow()
PY
sed 's/^class ResumeFlow/@Nothing\n&/' flow.py > mutated.py
sed 's/required=True/default_value="{}"/' mutated.py > tolerant.py
for flow in flow mutated tolerant; do
  rm -rf .metaflow && mkdir .metaflow
  FIRST=1 venv/bin/python $flow.py --config problem config.json run >/dev/null 2>&1 || true
  found=$(venv/bin/python $flow.py resume 2>&1 | grep -oE "read 1|AttributeError: .*" | head -1 || true)
  printf '%-10s %s\n' "$flow" "$found" | tee -a seen
done
[[ $(awk '{print $2}' seen | xargs) == "read AttributeError: read" ]] || { echo changed; exit 1; }
