"""The guided self-test: every wire, reader and lamp of a gate tried with the gate's own drivers.

The gate process must not run meanwhile (`gate_process`): the test holds its lock. Each probe is one
file in `probes/`, a pure row of questions and looks; people, lines and the machine are passed in.
"""
