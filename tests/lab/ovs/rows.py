#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: rows.py [--ends] SOCKET

Prints what the database of Open vSwitch is told to do, so that two ways of telling it can be compared: a line
"TABLE ROW COLUMN VALUE" for each column that is not at its default, rows by their names, maps by their keys.
Left out are uuids, what Open vSwitch itself writes, and keys that start with xsnet-, also with the prefix of a
fake bridge. With --ends, ports of tunnels are called TYPE-REMOTE, as their names are of no concern.
"""
import json
import socket
import sys

DATABASE = "Open_vSwitch"
# Written by Open vSwitch, which the schema does not tell.
SEEN = {
    "Open_vSwitch": {"cur_cfg", "next_cfg", "statistics", "ovs_version", "db_version", "datapaths",
                     "datapath_types", "iface_types", "dpdk_initialized", "dpdk_version", "manager_options"},
    "Bridge": {"datapath_id", "datapath_version", "status", "rstp_status"},
    "Port": {"bond_active_slave", "statistics", "status", "rstp_status", "rstp_statistics"},
    "Interface": {"admin_state", "bfd_status", "cfm_fault", "cfm_fault_status", "cfm_flap_count", "cfm_health",
                  "cfm_mpid", "cfm_remote_mpids", "cfm_remote_opstate", "duplex", "error", "ifindex",
                  "lacp_current", "link_resets", "link_speed", "link_state", "mac_in_use", "mtu", "ofport",
                  "statistics", "status"},
}


def call(path, method, params):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall(json.dumps({"method": method, "id": 1, "params": params}).encode())
        text = b""
        while True:
            part = client.recv(1 << 16)
            if not part:
                raise SystemExit("rows.py: the server hung up")
            text += part
            try:
                return json.loads(text)["result"]
            except ValueError:
                continue


def plain(value, names):
    """A value without the wrappers of RFC 7047; sets, maps and optional values are lists."""
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "set":
        return sorted((plain(one, names) for one in content), key=str)
    if kind == "map":
        return {key: content for key, content in sorted((k, plain(v, names)) for k, v in content)
                if not key.startswith(("xsnet-", "fake-bridge-xsnet-"))}
    return names.get(content, "uuid")


def is_default(value, table, column):
    """An optional value of 0, such as a tag, is not at its default."""
    kind = table["columns"][column]["type"]
    if isinstance(kind, dict) and kind.get("min") == 0:
        return value in ([], {})
    return value in ("", 0, False)


def end_of(row):
    """Another name for the port of a tunnel."""
    options = plain(row.get("options", ["map", []]), {})
    return f"{row['type']}-{options['remote_ip']}" if "remote_ip" in options else None


def main():
    if sys.argv[1:-1] not in ([], ["--ends"]) or len(sys.argv) < 2:
        raise SystemExit(__doc__)
    tables = list(SEEN)
    schema = call(sys.argv[-1], "get_schema", [DATABASE])["tables"]
    results = call(sys.argv[-1], "transact",
                   [DATABASE] + [{"op": "select", "table": table, "where": []} for table in tables])
    if "--ends" in sys.argv:
        called = {row["name"]: end for row in results[-1]["rows"] if (end := end_of(row))}
        for row in (row for result in results for row in result["rows"] if row.get("name") in called):
            row["name"] = called[row["name"]]
    names = {row["_uuid"][1]: row.get("name", ".") for result in results for row in result["rows"]}
    lines = []
    for table, result in zip(tables, results):
        for row in result["rows"]:
            for column, value in row.items():
                value = plain(value, names)
                if column in SEEN[table] or column.startswith("_") or is_default(value, schema[table], column):
                    continue
                parts = value.items() if isinstance(value, dict) else [(None, value)]
                for key, part in parts:
                    where = column if key is None else f"{column}:{key}"
                    lines.append(f"{table} {row.get('name', '.')} {where} {json.dumps(part)}")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
