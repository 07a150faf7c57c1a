"""Hands reports to the agent as fast as it takes them, and says over the serial line which it took.

Beside it a file that does not wait for the disk (synchronous=NORMAL) takes the same: what a power cut costs without it.
"""

import json
import socket
import sqlite3
import sys
import time

plain = sqlite3.connect("/var/lib/stadtknoten/plain.db", isolation_level=None)
plain.execute("PRAGMA journal_mode=WAL")
plain.execute("PRAGMA synchronous=NORMAL")
plain.execute("CREATE TABLE IF NOT EXISTS taken (text TEXT)")
agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
while agent.connect_ex("/var/lib/stadtknoten/agent.sock") != 0:  # the socket of before the power cut is still there
    time.sleep(0.1)
answers = agent.makefile("rb")
for number in range(1_000_000):
    text = f"{sys.argv[1]}-{number}"
    agent.sendall(json.dumps({"kind": "alarm", "code": "power_cut", "text": text}).encode() + b"\n")
    answer = json.loads(answers.readline())
    print(json.dumps({"text": text, "seq": answer["seq"]}))
    plain.execute("INSERT INTO taken VALUES (?)", (text,))
    print(json.dumps({"text": text, "plain": True}))
