#!/bin/bash
# Spark's preStop hook of an executor: hand over shuffle and cached blocks before the pod goes. Java is process 1.
kill -s PWR 1
timeout 60 tail --pid=1 -f /dev/null
