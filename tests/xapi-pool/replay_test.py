#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The replay finds what it is to find: a recording that was tampered with does not pass."""

import copy
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from conformance.compare import Mapping, compare  # noqa: E402
from conformance.hosts import config_of  # noqa: E402
from conformance.known import Known  # noqa: E402
from conformance.replay import Replay, Server, lines_of  # noqa: E402

REF = 'OpaqueRef:%08x-0000-0000-0000-000000000000'


def differences(lines):
    with tempfile.TemporaryDirectory(prefix='xapi-') as folder:
        server = Server(folder, config_of(lines))
        try:
            return Replay(server, lines, Known('network')).run()
        finally:
            server.stop()


class Tampered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = lines_of('network')

    def first(self, test):
        """A copy of the recording, and the number of the first line of a kind."""
        lines = copy.deepcopy(self.lines)
        return lines, next(n for n, line in enumerate(lines) if test(line))

    def test_as_it_is(self):
        self.assertEqual(differences(self.lines), [])

    def test_another_error_parameter(self):
        lines, n = self.first(lambda l: l.get('reply', {}).get('ErrorDescription', [''])[0] == 'MAP_DUPLICATE_KEY')
        lines[n]['reply']['ErrorDescription'][4] = 'other'
        self.assertEqual({d[0] for d in differences(lines)}, {n})

    def test_another_value_of_a_field(self):
        lines, n = self.first(lambda l: l.get('call') == 'network.get_bridge')
        lines[n]['reply']['Value'] = 'xapi2'
        self.assertEqual({d[0] for d in differences(lines)}, {n})

    def test_another_change_of_a_table(self):
        lines, n = self.first(lambda l: 'MTU' in str(l.get('table_changes', {}).get('network', '')) and
                              'created' not in str(l))
        change = next(iter(lines[n]['table_changes']['network'].values()))
        change['MTU'][1] = '1234'
        self.assertEqual({d[0] for d in differences(lines)}, {n})

    def test_a_change_that_did_not_happen(self):
        lines, n = self.first(lambda l: 'created' in str(l.get('table_changes', '')))
        lines[n]['table_changes'] = {}
        self.assertIn(n, [d[0] for d in differences(lines)])

    def test_a_reference_to_another_object(self):
        lines, n = self.first(lambda l: l.get('reply', {}).get('ErrorDescription', [''])[0] == 'NETWORK_CONTAINS_PIF')
        other = next(line for line in lines if 'tables' in line)['tables']['PIF']
        lines[n]['reply']['ErrorDescription'][1] = next(
            r for r in other if r != lines[n]['reply']['ErrorDescription'][1])
        self.assertEqual({d[0] for d in differences(lines)}, {n})


class Matching(unittest.TestCase):
    def test_a_reference_is_one_object_only(self):
        mapping = Mapping()
        self.assertEqual(compare(REF % 1, REF % 10, mapping), [])
        self.assertEqual(compare(REF % 1, REF % 10, mapping), [])
        self.assertNotEqual(compare(REF % 1, REF % 11, mapping), [])
        self.assertNotEqual(compare(REF % 2, REF % 10, mapping), [])

    def test_sets_have_no_order_but_a_size(self):
        self.assertEqual(compare(['a', 'b'], ['b', 'a'], Mapping()), [])
        self.assertNotEqual(compare(['a', 'b'], ['a'], Mapping()), [])
        self.assertNotEqual(compare(['a'], ['a', 'a'], Mapping()), [])

    def test_types_and_the_null_reference(self):
        for a, b in ((True, '1'), ('1', 1), ({}, []), ('', None), ('OpaqueRef:NULL', REF % 1), (1, True)):
            self.assertNotEqual(compare(a, b, Mapping()), [], (a, b))

    def test_times_are_alike_but_the_epoch_is_not(self):
        self.assertEqual(compare('20261120T11:37:32Z', '20270101T00:00:00Z', Mapping()), [])
        self.assertNotEqual(compare('20261120T11:37:32Z', '19700101T00:00:00Z', Mapping()), [])


if __name__ == '__main__':
    unittest.main()
