"""Data at rest: history, files, temporary files, logs and embeddings, each sealed through the guard."""
