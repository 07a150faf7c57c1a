"""Runs what comes on the second serial line, one JSON object a line, and answers each with one."""

import json
import os
import subprocess
import tempfile
import tty

line = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
say = os.fdopen(os.dup(line), "w", buffering=1)
print(json.dumps({"ready": True}), file=say)
for text in os.fdopen(line, "rb"):
    asked = json.loads(text)
    command = ["timeout", "--kill-after=1", str(asked["seconds"]), "/bin/sh", "-c", asked["command"]]
    # Files, not pipes: whoever is started for longer may hold them open.
    with tempfile.TemporaryFile() as out:
        # A stream's own lines go out over the serial line; everybody else's output is the answer.
        output = say if asked["stream"] else out
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=out, check=False)
        out.seek(0)
        print(json.dumps({"code": done.returncode, "out": out.read().decode(errors="replace")}), file=say)
