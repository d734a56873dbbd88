// Keeps the library non-empty while it holds headers only.
