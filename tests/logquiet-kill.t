#!/bin/sh
# logquiet: a few rounds of the random kills of make check-faults
ROUNDS=${ROUNDS:-8} SEED=${SEED:-20210629} exec "${0%/*}/faults/logquiet.t"
