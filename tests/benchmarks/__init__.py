"""Speed and memory, as ratios to a floor that is measured in the same run: `python -m tests.benchmarks [NAME ...]`.

They are no tests: nothing here is collected by pytest, because a time depends on who else uses the machine.
"""
