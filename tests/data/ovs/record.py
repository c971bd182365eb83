#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record.py [NAME...] - writes NAME.json anew from NAME.vsctl (all of them without a name), and schema.json.

A line of NAME.vsctl is the arguments of one ovs-vsctl, done on an empty database without a vswitchd. NAME.json is what
ovsdb-server then answers to monitor_cond. Needs ovsdb-server, ovsdb-tool and ovs-vsctl.
"""
import glob
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = ("Open_vSwitch", "Bridge", "Port", "Interface")
NEVER = ("statistics", "status", "rstp_status", "rstp_statistics", "bfd_status", "cfm_fault_status")


def ask(path, method, params):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(json.dumps({"method": method, "params": params, "id": 1}).encode())
        data = b""
        while True:
            data += sock.recv(65536)
            try:
                return json.loads(data)["result"]
            except ValueError:
                continue


def write(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as out:
        json.dump(value, out, indent=1, sort_keys=True)
        out.write("\n")


def record(name):
    with tempfile.TemporaryDirectory() as folder:
        database, path = os.path.join(folder, "conf.db"), os.path.join(folder, "db.sock")
        subprocess.run(["ovsdb-tool", "create", database, SCHEMA], check=True)
        server = subprocess.Popen(["ovsdb-server", database, "--remote=punix:" + path, "--no-chdir",
                                   "--unixctl=" + os.path.join(folder, "ctl"), "-vconsole:off"])
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            vsctl = ["ovs-vsctl", "--no-wait", "--db=unix:" + path]
            subprocess.run(vsctl + ["init"], check=True)
            with open(os.path.join(HERE, name + ".vsctl"), encoding="utf-8") as recipe:
                for line in recipe:
                    words = shlex.split(line, comments=True)
                    if words:
                        subprocess.run(vsctl + words, check=True)
            schema = ask(path, "get_schema", ["Open_vSwitch"])
            columns = {table: [{"columns": [c for c in sorted(schema["tables"][table]["columns"]) if c not in NEVER]}]
                       for table in TABLES}
            write(name + ".json", ask(path, "monitor_cond", ["Open_vSwitch", "record", columns]))
            schema["tables"] = {table: schema["tables"][table] for table in TABLES}
            write("schema.json", schema)
        finally:
            server.terminate()
            server.wait()


for one in sys.argv[1:] or sorted(os.path.basename(p)[:-6] for p in glob.glob(os.path.join(HERE, "*.vsctl"))):
    record(one)
