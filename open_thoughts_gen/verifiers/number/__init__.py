"""Judge numbers within a tolerance, with units and currencies: `9.81 m/s^2` is `981 cm/s²`."""

from open_thoughts_gen.verifiers.number.verifier import Number as Number
