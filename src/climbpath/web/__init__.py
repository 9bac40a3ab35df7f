"""The web app: a JSON API over generator, grader, beta and logbook, and the page that uses it."""
