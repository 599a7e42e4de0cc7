"""Side by side with peers: every figure is a median, and every ratio is taken within one run.

    make bench                                  # everything, and the page and its picture
    python -m benchmarks graphs 100 1000        # one family, at sizes of one's own
    python -m benchmarks --quick                # does it all still work?

The rules of the comparison are those that ``docs/benchmarks.md`` tells the reader.
"""
