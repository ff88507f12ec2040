"""Side by side benchmarks: ratios against other programs, alternated in one run. Nothing here is asserted or timed."""
