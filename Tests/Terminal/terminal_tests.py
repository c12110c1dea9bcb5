#!/usr/bin/env python3
"""Sessions, runs and lessons on a pseudo-terminal. Usage: terminal_tests.py EXP [TEST…]"""
import sys
import run_tests, session_tests, terminals

sys.exit(terminals.run(sys.argv[2:]))
