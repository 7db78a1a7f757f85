"""Finance: statements, agreements and schedules that are printed whole, and figures that are worked out twice."""

from open_thoughts_gen.families.finance.family import Finance as Finance
