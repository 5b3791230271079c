"""What Ember learns to talk about: each module writes the conversations of one subject."""
