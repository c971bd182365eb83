# SPDX-License-Identifier: Apache-2.0
"""What calls cost on a real pool, in seconds, to be scaled down.

Measured with XAPI 24.19 and Open vSwitch: plugging is what takes the time, and one host does
it serially; hosts do it side by side, and so does all that only touches the database."""

SERIAL = {                          # under the host's lock
    'plug': 0.29,
    'plug VLAN': 0.45,
    'plug tunnel': 0.45,
    'plug bond': 0.65,
    'unplug': 0.12,
    'attach network': 0.10,
    'scan': 0.30,
}

PARALLEL = {                        # beside everything else
    'network.create': 0.040,
    'VLAN.create': 0.090,
    'VLAN.destroy': 0.040,
    'Bond.create': 0.090,
    'Bond.destroy': 0.090,
    'tunnel.create': 0.050,
    'get_all_records': 0.008,
}


class CostModel:
    def __init__(self, factor):
        self.factor = factor        # 1 is a real pool, 0 costs nothing

    def serial(self, what):
        return SERIAL.get(what, 0.0) * self.factor

    def parallel(self, method):
        if method.endswith('.get_all_records'):
            return PARALLEL['get_all_records'] * self.factor
        return PARALLEL.get(method, 0.0) * self.factor
