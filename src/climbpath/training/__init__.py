"""Training of generators and graders. Needs torch."""
