"""The bodies of requests and responses: each file has those of one subject, with limits on what comes in."""
