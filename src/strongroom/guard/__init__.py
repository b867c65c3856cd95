"""The corridor: who asks, what is it, may they, say so, do it, say what happened."""
