#!/usr/bin/env bash
# Metaflow 2.19.39: with METAFLOW_CARD_LOCALROOT set, no card lands there, and the client finds none.
#
# One would expect the cards under the folder named. They lie under the datastore's root instead, and
# get_cards() raises CardNotPresentException for the task that has just made one. Without the variable they
# lie in .metaflow/mf.cards of the nearest folder that has a .metaflow, wherever the datastore is, and only
# a client started below that folder finds them.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q 'setuptools<81' metaflow==2.19.39
cat > flow.py <<'PY'
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class CardFlow(FlowSpec):
    @card
    @step
    def start(self):
        current.card.append(Markdown("hello"))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CardFlow()
PY
cat > look.py <<'PY'
from metaflow import Flow, namespace
from metaflow.cards import get_cards

namespace(None)
try:
    print(len(get_cards(Flow("CardFlow").latest_run["start"].task)), "found by the client")
except Exception as error:
    print("the client:", type(error).__name__)
PY
export HOME=$work METAFLOW_USER=someone
run() {  # a datastore of its own, made before so that it is the nearest .metaflow too
  mkdir -p "$1/.metaflow" && cd "$1"
  METAFLOW_DATASTORE_SYSROOT_LOCAL=$PWD "$work/venv/bin/python" ../flow.py --quiet run >/dev/null 2>&1
  METAFLOW_DATASTORE_SYSROOT_LOCAL=$PWD "$work/venv/bin/python" ../look.py 2>/dev/null
  find "$work/$1" "$work/cards" -name '*.html' 2>/dev/null | sed "s|$work/||; s|runs/[0-9]*|runs/N|; s|-[0-9a-f]*\.html|.html|"
  cd "$work"
}
plain=$(run plain)
mkdir cards && export METAFLOW_CARD_LOCALROOT=$work/cards
named=$(run named)
printf 'without it:\n%s\nset to cards/:\n%s\n' "$plain" "$named"
[[ $plain == "1 found by the client"*plain/.metaflow/mf.cards/* ]] || { echo changed; exit 1; }
[[ $named == "the client: CardNotPresentException"*named/.metaflow/CardFlow/* ]] || { echo changed; exit 1; }
