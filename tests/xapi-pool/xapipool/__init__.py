# SPDX-License-Identifier: Apache-2.0
"""A pool of XAPI hosts for tests: see README.md beside this package."""
