# SPDX-License-Identifier: Apache-2.0
"""Holds the server to what a real XAPI was recorded to do: see replay.py."""
