"""Sobol's sequence: the direction numbers of Joe and Kuo (2008) for host/suggest/sobol_numbers.h, as scipy
ships them, and a golden file of points by scipy.stats.qmc.Sobol without scrambling: the first 64 of 64
dimensions, and 64 from number 1,000,000 on. Needs numpy, scipy and safetensors.
Run: python tests/golden/make_sobol.py"""

import os

import numpy as np
import scipy.stats
from safetensors.numpy import save_file
from scipy.stats import qmc

DIMENSIONS = 64
here = os.path.dirname(os.path.abspath(__file__))
shipped = np.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz"))

with open(os.path.join(here, "../../host/suggest/sobol_numbers.h"), "w") as header:
    header.write("""/// Primitive polynomials and initial direction numbers of Sobol's sequence, as S. Joe and F. Y. Kuo
/// give them (Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci.
/// Comput. 30, 2008: new-joe-kuo-6). Written by tests/golden/make_sobol.py.
#ifndef THRONG_SUGGEST_SOBOL_NUMBERS_H
#define THRONG_SUGGEST_SOBOL_NUMBERS_H

#include <stdint.h>

/// A dimension: the polynomial's bits, its highest among them, and as many numbers as its degree.
/// The first dimension is van der Corput's.
static const struct {
  uint32_t polynomial, number[9];
} sobol_numbers[] = {
    {1, {1}},
""")
    for poly, numbers in list(zip(shipped["poly"], shipped["vinit"]))[1:DIMENSIONS]:
        degree = int(poly).bit_length() - 1
        assert degree <= 9
        header.write("    {%d, {%s}},\n" % (poly, ", ".join(str(n) for n in numbers[:degree])))
    header.write("};\n\n#endif\n")

sequence = qmc.Sobol(DIMENSIONS, scramble=False, bits=32)
first = sequence.random(64)
sequence.fast_forward(1000000 - 64)
later = sequence.random(64)
points = np.concatenate([first, later])
exact = points.astype(np.float32)
assert (exact == points).all()  # of numbers below 2^20 no point has more than 20 bits
save_file({"points": exact}, os.path.join(here, "sobol.safetensors"))
