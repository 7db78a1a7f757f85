"""Judge a trace: each sentence of the solver's is the step that is derived, each figure of others is borne out."""

from open_thoughts_gen.verifiers.steps.verifier import Steps as Steps
