"""The foundation's inspections, by subject: what is true of every sound image at rest."""
