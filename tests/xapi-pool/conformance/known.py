# SPDX-License-Identifier: Apache-2.0
"""The differences between the recordings and the server that are meant, each with its reason."""

import re

# (scenario, line or None for any, pattern of the path, reason)
DIFFERENCES = [
    ('*', None, r'software_version.*linux$', 'the kernel of the host that was recorded'),
    ('events', None, r'snapshot\.(restrictions|wlb_verify_cert|ha_cluster_stack|cpu_info|telemetry_)',
     'fields of the pool that have nothing to do with networks'),
    ('events', 16, r'events$', 'PCI devices, and a task of the recorder that had just ended'),
    ('events', 33, r'events$', 'the monitor had come by'),
    ('events', 47, r'snapshot\.currently_attached$', 'a plug takes no time here unless --cost says so'),
    ('pif', 249, r'^PIF', 'XAPI reads resolv.conf back into PIF.DNS; the server keeps what it was given'),
    ('pif', None, r'^(PIF|PIF.get_record)\..*DNS', 'the same, from line 249 on'),
    ('vif', None, r'VM.get_record.*(last_boot_CPU_flags|bios_strings|generation_id)',
     'of a running domain, which there is not'),
    ('vif', None, r'task.get_record.*(cancel_points_seen|allowed_operations)',
     'xenopsd lets an operation on a VIF be cancelled; here it is over at once'),
    ('vif-device-minus-1', 1, r'^PIF_metrics$', 'that host had had three bonds before'),
    ('bond-of-bond', None, r'^Bond.set_mode.ErrorDescription', 'the text of the error is that of ovs-vsctl'),
    ('management', None, r'^PIF\..*DNS', 'XAPI reads resolv.conf back into PIF.DNS'),
    ('bond-management', None, r'^PIF\..*DNS', 'XAPI reads resolv.conf back into PIF.DNS'),
]

# (scenario, line, method, parameters, recorded result): calls that the recording has not, though it has
# what came of them
MISSING = [
    ('pif', 366, 'network.create', [{'name_label': 'old vlan', 'other_config': {}}],
     'OpaqueRef:61485e09-0de3-fbe6-585c-2f0de3b3d8ea'),
    ('pool-join', 21, 'network.create', [{'name_label': 'joiner', 'other_config': {}}],
     'OpaqueRef:53cc9825-5542-d81d-9ac8-7e4295987201'),
]

# (scenario, line, reason): calls that are not made at all
SKIPPED = [
    ('pool-join', 31, 'made in the second in which the joiner restarts: what it sees is chance'),
    ('pool-join', 32, 'likewise'),
]


class Known:
    """What is allowed in one scenario; an entry that nothing needs is a difference, too."""

    def __init__(self, scenario):
        self.rows = [row for row in DIFFERENCES if row[0] in (scenario, '*')]
        self.skipped = {row[1]: row for row in SKIPPED if row[0] == scenario}
        self.missing = {row[1]: row[2:] for row in MISSING if row[0] == scenario}
        self.used = set()

    def allows(self, number, path):
        for row in self.rows:
            if row[1] in (None, number) and re.search(row[2], path):
                self.used.add(row)
                return True
        return False

    def skips(self, number):
        return number in self.skipped

    def unused(self):
        return [row for row in self.rows if row not in self.used and row[0] != '*']
