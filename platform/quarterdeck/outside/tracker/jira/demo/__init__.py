"""A Jira Cloud of our own, over real HTTP: the twin that tests and demonstrations speak with. Its data live as long as it does."""
