"""What calls to models cost: budgets, and prices."""
