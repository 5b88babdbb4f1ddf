"""Looking whether an installation is well: one finding per question, each with what to do."""
