"""Problems and figures as pictures."""
