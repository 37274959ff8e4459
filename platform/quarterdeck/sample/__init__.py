"""The sample project: a small library of ours with its history, its tickets and the rehearsal model's scripts. Data only."""
