"""An action's name as what was done: approve → approved, hold → held, refer → referred."""

import re

IRREGULAR = {
    "break": "broken", "bring": "brought", "buy": "bought", "catch": "caught", "choose": "chosen",
    "cut": "cut", "deal": "dealt", "do": "done", "draw": "drawn", "feed": "fed", "find": "found",
    "freeze": "frozen", "get": "got", "give": "given", "go": "gone", "have": "had", "hit": "hit",
    "hold": "held", "keep": "kept", "lay": "laid", "lead": "led", "leave": "left", "lend": "lent",
    "let": "let", "lose": "lost", "make": "made", "meet": "met", "pay": "paid", "put": "put",
    "quit": "quit", "read": "read", "say": "said", "see": "seen", "seek": "sought", "sell": "sold",
    "send": "sent", "set": "set", "show": "shown", "shut": "shut", "speak": "spoken",
    "spend": "spent", "split": "split", "spread": "spread", "stand": "stood", "stick": "stuck",
    "take": "taken", "teach": "taught", "tell": "told", "think": "thought", "throw": "thrown",
    "write": "written",
}  # fmt: skip
BEFORE = ("", "re", "un", "with", "up", "over", "out", "under")  # rewrite, unfreeze, withhold
SHORT = re.compile("[^aeiou]*[aeiou][^aeiouwxy]")  # skip doubles its last letter
STRESSED = re.compile(
    ".+(?:(?<!f)fer|(?<!li)mit|cur|pel|trol|gret|lot|quip)"
)  # so does refer, not offer
NO_VERB = re.compile(
    "none|no|yes|other|auto|human|.*(?:ual|oval|ial|rral|ment|ion|ness|ity|ance|.{2}ing)"
)
VERB = re.compile("ration|question|caution|sanction|mention|condition|document|experiment|finance")


def past(action: str) -> str:
    """The past participle of a verb; ``given "manual"`` of a name that does not look like one."""
    for before in BEFORE:
        verb = action.removeprefix(before)
        if action.startswith(before) and verb in IRREGULAR:
            return before + IRREGULAR[verb]
    if not re.fullmatch("[a-z]+", action) or (
        NO_VERB.fullmatch(action) and not VERB.fullmatch(action)
    ):
        return f'given "{action.replace("_", " ")}"'
    if re.search("[^e]ed$", action) or action in IRREGULAR.values():
        return action  # it is one already
    if action.endswith("e"):
        return f"{action}d"
    if re.search("[^aeiou]y$", action):
        return f"{action[:-1]}ied"
    doubles = SHORT.fullmatch(action) or STRESSED.fullmatch(action)
    return f"{action}{action[-1] if doubles else ''}ed"
